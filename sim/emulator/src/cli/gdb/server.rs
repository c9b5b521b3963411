//! The server: one client at a time, on the loopback interface. The machine stands still while a
//! client has not told it to go on. When a client goes, or sends nonsense, its session ends and the
//! program goes on.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use emulator::debug::{Hit, Watch, Why};
use gdbstub::common::Signal;
use gdbstub::stub::state_machine::GdbStubStateMachine;
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};
use gdbstub::target::ext::breakpoints::WatchKind;

use super::connection::{Client, readable};
use super::debuggee::Debuggee;
use super::target::{Debugged, thread};

type Stub<D> = GdbStubStateMachine<'static, Debugged<D>, Client>;
type Reason = MultiThreadStopReason<u64>;

/// What the machine is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Go on.
    Run,
    /// Stand still.
    Stay,
    /// End the program.
    Kill,
}

/// The end of a session.
struct Gone {
    kill: bool,
}

/// Waits for clients and serves them.
pub struct Server<D: Debuggee> {
    listener: TcpListener,
    stub: Option<Stub<D>>,
    /// No client has come yet: the program has not begun.
    fresh: bool,
}

impl<D: Debuggee> Server<D> {
    /// Listens on a port of the loopback interface; 0 is any that is free.
    pub fn listen(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, stub: None, fresh: true })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Whether there is a client.
    pub fn has_client(&self) -> bool {
        self.stub.is_some()
    }

    /// Does what clients ask for. If the machine stands still, waits for them at most as long as
    /// `milliseconds`.
    pub fn attend(&mut self, target: &mut Debugged<D>, milliseconds: i64) -> Wish {
        if self.stub.is_none() {
            let wait = if self.fresh { milliseconds } else { 0 };
            if !self.accept(target, wait) {
                return if self.fresh { Wish::Stay } else { Wish::Run };
            }
        }
        self.serve(target, milliseconds)
    }

    /// Tells the client that the machine stopped.
    pub fn stopped(&mut self, target: &mut Debugged<D>, hit: Hit) {
        let tid = thread(hit.hart);
        let reason = match hit.why {
            Why::Breakpoint => Reason::SwBreak(tid),
            Why::Step => Reason::SignalWithThread { tid, signal: Signal::SIGTRAP },
            Why::Watchpoint(point) => {
                let kind = match point.watch {
                    Watch::Read => WatchKind::Read,
                    Watch::Write => WatchKind::Write,
                    Watch::Access => WatchKind::ReadWrite,
                };
                Reason::Watch { tid, kind, addr: point.address }
            }
        };
        self.report(target, reason);
    }

    /// Tells the client that the program ended. It has no other end of the session.
    pub fn ended(&mut self, target: &mut Debugged<D>, exit_status: u8) {
        self.report(target, Reason::Exited(exit_status));
        self.stub = None;
    }

    fn report(&mut self, target: &mut Debugged<D>, reason: Reason) {
        self.stub = match self.stub.take() {
            Some(GdbStubStateMachine::Running(running)) => running.report_stop(target, reason).ok(),
            other => other,
        };
        if self.stub.is_none() {
            target.machine.forget();
        }
    }

    fn accept(&mut self, target: &mut Debugged<D>, milliseconds: i64) -> bool {
        if !readable(&self.listener, milliseconds) {
            return false;
        }
        let client = self.listener.accept().and_then(|(stream, _)| Client::new(stream));
        let Ok(client) = client else { return false };
        let stub = GdbStub::builder(client).build().ok();
        self.stub = stub.and_then(|stub| stub.run_state_machine(target).ok());
        self.fresh = false;
        true
    }

    fn serve(&mut self, target: &mut Debugged<D>, milliseconds: i64) -> Wish {
        let Some(mut stub) = self.stub.take() else { return Wish::Run };
        let wait = if running(&stub) { 0 } else { milliseconds };
        let bytes = match client(&mut stub).map(|client| client.receive(wait)) {
            Some(Ok(bytes)) => bytes,
            _ => return self.gone(target, &Gone { kill: false }),
        };
        for byte in bytes {
            stub = match feed(stub, target, byte) {
                Ok(stub) => stub,
                Err(gone) => return self.gone(target, &gone),
            };
        }
        let wish = if running(&stub) { Wish::Run } else { Wish::Stay };
        self.stub = Some(stub);
        wish
    }

    fn gone(&mut self, target: &mut Debugged<D>, gone: &Gone) -> Wish {
        target.machine.forget();
        if gone.kill { Wish::Kill } else { Wish::Run }
    }
}

fn running<D: Debuggee>(stub: &Stub<D>) -> bool {
    matches!(stub, GdbStubStateMachine::Running(_))
}

fn client<D: Debuggee>(stub: &mut Stub<D>) -> Option<&mut Client> {
    match stub {
        GdbStubStateMachine::Idle(state) => Some(state.borrow_conn()),
        GdbStubStateMachine::Running(state) => Some(state.borrow_conn()),
        _ => None,
    }
}

/// Passes a byte on. Afterwards the session is idle or running, or at its end.
fn feed<D: Debuggee>(stub: Stub<D>, target: &mut Debugged<D>, byte: u8) -> Result<Stub<D>, Gone> {
    let nonsense = Gone { kill: false };
    let was_running = running(&stub);
    let next = match stub {
        GdbStubStateMachine::Idle(state) => state.incoming_data(target, byte),
        GdbStubStateMachine::Running(state) => state.incoming_data(target, byte),
        _ => return Err(nonsense),
    };
    match next {
        Err(_) => Err(nonsense),
        Ok(GdbStubStateMachine::CtrlCInterrupt(state)) => {
            // One that comes when the machine has stopped already has had its answer.
            let tid = thread(target.machine.busy());
            let reason = Reason::SignalWithThread { tid, signal: Signal::SIGINT };
            state.interrupt_handled(target, was_running.then_some(reason)).map_err(|_| nonsense)
        }
        Ok(GdbStubStateMachine::Disconnected(state)) => {
            Err(Gone { kill: matches!(state.get_reason(), DisconnectReason::Kill) })
        }
        Ok(stub) => Ok(stub),
    }
}
