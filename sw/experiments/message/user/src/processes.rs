//! The process, once for each way of a wake-up.

use crate::{
    CLIENT, SERVER,
    protocol::{replies, requests},
};
use core::{cell::OnceCell, sync::atomic::AtomicU64};
use executor::Executor;
use ipc::{
    Endpoint, PORTS, Process,
    ways::{Kernel, Signals, Taic, Uintc},
};
use rt::{Call, OwnThread, QUEUES, REFUSED, call};
use task::{ReadyQueue, SoftQueue, TaicQueue};
use uintr::{Receiver, Sender, SenderIndex, Vector};

/// Coroutines, of a cache line each.
const BYTES: usize = 48;
type Coroutines<Q> = Executor<Q, PORTS, BYTES>;

/// What a process has for one way. All that is used for each message lies in one page: a hart has
/// few entries in its data TLB.
#[repr(C, align(4096))]
pub struct Statics<P: Measured> {
    endpoint: OnceCell<Endpoint<P>>,
    executor: Coroutines<P::Queue>,
}

/// One of the three.
pub trait Measured: Process {
    type Queue: ReadyQueue;
    const NAME: &'static str;

    fn statics() -> &'static Statics<Self>;

    /// Prepares the way to `peer` and from it.
    fn way(peer: usize) -> Self::Way;

    /// The executor, with its type.
    #[inline(always)]
    fn coroutines() -> &'static Coroutines<Self::Queue> {
        &Self::statics().executor
    }

    /// The endpoint of process `role`, which is made by the first call.
    fn endpoint(role: usize) -> &'static Endpoint<Self> {
        Self::statics().endpoint.get_or_init(|| match role {
            CLIENT => Endpoint::new(Self::way(SERVER), requests(), replies()),
            _ => Endpoint::new(Self::way(CLIENT), replies(), requests()),
        })
    }
}

macro_rules! process {
    ($name:ident, $label:literal, $way:ty, $queue:ty, $new:expr, $open:expr) => {
        pub struct $name;

        impl Process for $name {
            type Way = $way;

            #[inline(always)]
            fn executor() -> &'static impl ipc::Tasks {
                Self::coroutines()
            }
        }

        impl Measured for $name {
            type Queue = $queue;
            const NAME: &'static str = $label;

            #[inline(always)]
            fn statics() -> &'static Statics<Self> {
                static STATICS: OwnThread<Statics<$name>> =
                    OwnThread(Statics { endpoint: OnceCell::new(), executor: Executor::new($new) });
                &STATICS
            }

            fn way(peer: usize) -> Self::Way {
                $open(peer)
            }
        }
    };
}

process!(ThroughKernel, "kernel", Kernel<Calls>, SoftQueue<PORTS>, SoftQueue::new(), |peer| {
    Kernel(Calls { peer })
});

process!(OverUintc, "uintc", Uintc, SoftQueue<PORTS>, SoftQueue::new(), |peer| {
    let receiver = Receiver::collecting(&mut Calls { peer }, &SIGNALS).expect("registered");
    let peer = Sender::register(&mut Calls { peer }, peer, VECTOR).expect("registered");
    Uintc::new(peer, receiver, &SIGNALS)
});

process!(OverTaic, "taic", Taic<QUEUES>, TaicQueue<QUEUES>, QUEUE, |peer| {
    // A channel has the number of its sender.
    Taic::new(QUEUE, (1 - peer) as u16, peer as u16)
});

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
    fn signal(&self) {
        call(Call::Signal, [self.peer, 0]);
    }

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
