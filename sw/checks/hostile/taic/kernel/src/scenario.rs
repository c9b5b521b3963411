//! The attacker's rights.

use crate::others::Others;
use taic::{Channel, Context, Policy, Taic};

/// The channel through which the attacker may send, and the channel that it may arm.
pub const TO_FRIEND: u16 = 3;
pub const FROM_VICTIM: u16 = 5;
/// The line that may wake the attacker.
pub const LINE: usize = 30;

/// Bit of the attacker's argument.
const COMPATIBLE: usize = 1 << 8;

/// Tasks of a context.
pub const LIMIT: u16 = 32;

/// The rights of the attacks in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    Nothing,
    Page,
    Channels,
    Compatible,
}

impl Scenario {
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Page, Self::Channels, Self::Compatible];

    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "without a page",
            Self::Page => "with a page",
            Self::Channels => "with channels and a line",
            Self::Compatible => "with compatible registration",
        }
    }

    /// The attacker's argument: how many pages it has, and whether registration is permitted.
    pub fn argument(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Page => 1,
            Self::Channels => 2,
            Self::Compatible => 2 | COMPATIBLE,
        }
    }

    /// Gives the attacker's context its rights. It keeps its earlier ones.
    pub fn give_rights(self, taic: Taic, others: &Others) {
        let attacker = others.attacker[0].context;
        let compatible = self == Self::Compatible;
        let may = Context { priorities: false, compatible, fallback: 0, limit: LIMIT };
        taic.set_context(attacker, may).expect("within what is unassigned");
        if self == Self::Channels {
            let channel = |sender, receiver| Channel { sender, receiver, policy: Policy::Sender };
            let given = [
                (TO_FRIEND, channel(attacker, others.friend.context)),
                (FROM_VICTIM, channel(others.victim.context, attacker)),
            ];
            for (number, channel) in given {
                taic.set_channel(number, Some(channel)).expect("a new channel");
            }
            let all = taic.grants(LINE).expect("there is such a line");
            taic.set_grants(LINE, all | 1 << attacker).expect("there is such a line");
        }
    }
}
