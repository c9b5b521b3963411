//! The connection to a client.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use gdbstub::conn::Connection;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A client that takes nothing for so long has gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// A stream of bytes in both directions.
pub struct Client {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Client {
    /// Takes a stream over.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(false)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, answer: Vec::new() })
    }

    /// What the client sent, after waiting for it at most as long as `milliseconds`; empty if it
    /// sent nothing. An error if it has gone.
    pub fn receive(&mut self, milliseconds: i64) -> io::Result<Vec<u8>> {
        if !readable(&self.stream, milliseconds) {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; 4096];
        let count = self.stream.read(&mut bytes)?;
        if count == 0 {
            return Err(ErrorKind::ConnectionReset.into());
        }
        bytes.truncate(count);
        Ok(bytes)
    }
}

impl Connection for Client {
    type Error = io::Error;

    fn write(&mut self, byte: u8) -> io::Result<()> {
        self.answer.push(byte);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = Write::write_all(&mut self.stream, &self.answer);
        self.answer.clear();
        done
    }
}

/// Whether something came, after waiting for it at most as long as `milliseconds`.
pub fn readable(socket: &impl std::os::fd::AsFd, milliseconds: i64) -> bool {
    let wait = Timespec { tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000 };
    let mut request = [PollFd::new(socket, PollFlags::IN)];
    matches!(poll(&mut request, Some(&wait)), Ok(1..))
}
