//! The two processes, once for each way of a wake-up.

use crate::protocol::{Replies, Requests};
use core::sync::atomic::AtomicU64;
use executor::Executor;
use ipc::{
    Endpoint, PORTS, Process,
    ways::{Kernel, Signals, Taic, Uintc},
};
use rt::{Call, OwnThread, QUEUES, REFUSED, call};
use task::{ReadyQueue, SoftQueue, TaicQueue};
use uintr::{Receiver, Sender, SenderIndex, Vector};

/// The kernel's numbers of the processes.
pub const CLIENT: usize = 0;
pub const SERVER: usize = 1;

/// Coroutines, of a cache line each.
const BYTES: usize = 48;
type Coroutines<Q> = Executor<Q, PORTS, BYTES>;
/// With room for each coroutine and each port.
type Soft = SoftQueue<{ 2 * PORTS }>;

/// What a process has for one way. All that is used for each message lies in one page: a hart has
/// few entries in its data TLB.
#[repr(C, align(4096))]
pub struct Statics<P: Measured> {
    endpoint: Endpoint<P>,
    executor: Coroutines<P::Queue>,
}

/// One of the processes.
pub trait Measured: Process {
    type Queue: ReadyQueue;
    const NAME: &'static str;

    fn statics() -> &'static Statics<Self>;

    /// The executor, with its type.
    #[inline(always)]
    fn coroutines() -> &'static Coroutines<Self::Queue> {
        &Self::statics().executor
    }

    /// Registers with the kernel what the way needs.
    fn open() {}
}

macro_rules! process {
    (
        $(#[$doc:meta])* $name:ident is $label:literal: $outgoing:ident, $incoming:ident,
        $way:ty = $open:expr, $queue:ty = $empty:expr, { $($more:item)* }
    ) => {
        $(#[$doc])*
        pub struct $name;

        impl Process for $name {
            type Way = $way;
            type Outgoing = $outgoing;
            type Incoming = $incoming;

            #[inline(always)]
            fn executor() -> &'static impl ipc::Tasks {
                Self::coroutines()
            }

            #[inline(always)]
            fn endpoint() -> &'static Endpoint<Self> {
                &Self::statics().endpoint
            }
        }

        impl Measured for $name {
            type Queue = $queue;
            const NAME: &'static str = $label;

            #[inline(always)]
            fn statics() -> &'static Statics<Self> {
                static STATICS: OwnThread<Statics<$name>> = OwnThread(Statics {
                    endpoint: Endpoint::new($open, $outgoing, $incoming),
                    executor: Executor::new($empty),
                });
                &STATICS
            }

            $($more)*
        }
    };
}

/// The client and the server of one way.
macro_rules! processes {
    (
        $client:ident, $server:ident are $label:literal: $way:ty = $open:expr,
        $queue:ty = $empty:expr $(, $register:ident)?
    ) => {
        process!(
            /// The client.
            $client is $label: Requests, Replies, $way = $open(SERVER), $queue = $empty,
            { $(fn open() { $register::<Self>(SERVER); })? }
        );
        process!(
            /// The server.
            $server is $label: Replies, Requests, $way = $open(CLIENT), $queue = $empty,
            { $(fn open() { $register::<Self>(CLIENT); })? }
        );
    };
}

processes!(KernelClient, KernelServer are "kernel": Kernel<Calls> = through_kernel, Soft = Soft::new());
processes!(UintcClient, UintcServer are "uintc": Uintc = over_uintc, Soft = Soft::new(), register);
processes!(TaicClient, TaicServer are "taic": Taic<QUEUES> = over_taic, TaicQueue<QUEUES> = QUEUE);

const fn through_kernel(peer: usize) -> Kernel<Calls> {
    Kernel(Calls { peer })
}

const fn over_uintc(_: usize) -> Uintc {
    Uintc::new(&SIGNALS)
}

fn register<P: Process<Way = Uintc>>(peer: usize) {
    let mut calls = Calls { peer };
    let receiver = Receiver::collecting(&mut calls, &SIGNALS).expect("registered");
    let sender = Sender::register(&mut calls, peer, VECTOR).expect("registered");
    P::endpoint().way().connect(sender, receiver);
}

/// A channel has the number of its sender.
const fn over_taic(peer: usize) -> Taic<QUEUES> {
    Taic::new(QUEUE, (1 - peer) as u16, peer as u16)
}

/// What UINTC's handler was interrupted for.
static SIGNALS: AtomicU64 = AtomicU64::new(0);
const VECTOR: Vector = Vector::new(0);

// SAFETY: mapped for the whole life of the process.
const QUEUE: TaicQueue<QUEUES> = unsafe { TaicQueue::new() };

/// The kernel's part.
pub struct Calls {
    peer: usize,
}

impl Signals for Calls {
    #[inline(always)]
    fn signal(&self) {
        call(Call::Signal, [self.peer, 0]);
    }

    #[inline(always)]
    fn sleep(&self) {
        call(Call::Sleep, [0, 0]);
    }
}

impl uintr::Kernel for Calls {
    type Error = ();
    type Peer = usize;

    fn register_receiver(&mut self) -> Result<(), ()> {
        match call(Call::RegisterReceiver, [0, 0]) {
            REFUSED => Err(()),
            _ => Ok(()),
        }
    }

    fn register_sender(&mut self, peer: usize, vector: Vector) -> Result<SenderIndex, ()> {
        match call(Call::RegisterSender, [peer, vector.number().into()]) {
            REFUSED => Err(()),
            index => Ok(SenderIndex(index)),
        }
    }
}
