//! The derivation tree, against a tree with parents.

use super::host::Bench;
use abi::{Label, ObjectType, Rights, slot};
use proptest::prelude::*;
use std::{collections::BTreeMap, vec::Vec};

const SLOTS: usize = 8;

#[derive(Clone, Debug)]
enum Step {
    Make { kind: ObjectType, from: usize, to: usize },
    Copy { from: usize, to: usize },
    Mint { from: usize, to: usize, badge: usize },
    Move { from: usize, to: usize },
    Swap { from: usize, with: usize },
    Delete { at: usize },
    Revoke { at: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let at = 0..SLOTS;
    let kinds = prop_oneof![
        4 => Just(ObjectType::Endpoint),
        1 => Just(ObjectType::Notification),
        1 => Just(ObjectType::Untyped),
        1 => Just(ObjectType::Tcb),
    ];
    prop_oneof![
        3 => (kinds, at.clone(), at.clone()).prop_map(|(kind, from, to)| Step::Make { kind, from, to }),
        3 => (at.clone(), at.clone()).prop_map(|(from, to)| Step::Copy { from, to }),
        4 => (at.clone(), at.clone(), 1usize..3)
            .prop_map(|(from, to, badge)| Step::Mint { from, to, badge }),
        2 => (at.clone(), at.clone()).prop_map(|(from, to)| Step::Move { from, to }),
        2 => (at.clone(), at.clone()).prop_map(|(from, with)| Step::Swap { from, with }),
        2 => at.clone().prop_map(|at| Step::Delete { at }),
        1 => at.prop_map(|at| Step::Revoke { at }),
    ]
}

/// A capability of the model.
#[derive(Clone, Debug)]
struct Held {
    /// The one from which it was derived.
    parent: Option<usize>,
    /// Whether what is made from it is its child, and not its brother.
    has_children: bool,
    kind: ObjectType,
    badge: usize,
    slot: usize,
}

/// Capabilities by a name that they keep.
#[derive(Default)]
struct Model {
    held: BTreeMap<usize, Held>,
    names: usize,
}

impl Model {
    fn at(&self, slot: usize) -> Option<usize> {
        self.held.iter().find(|(_, held)| held.slot == slot).map(|(name, _)| *name)
    }

    fn add(&mut self, held: Held) {
        self.held.insert(self.names, held);
        self.names += 1;
    }

    fn descends(&self, name: usize, from: usize) -> bool {
        let mut next = self.held[&name].parent;
        while let Some(parent) = next {
            if parent == from {
                return true;
            }
            next = self.held[&parent].parent;
        }
        false
    }

    fn descendants(&self, from: usize) -> Vec<usize> {
        self.held.keys().copied().filter(|name| self.descends(*name, from)).collect()
    }

    fn delete(&mut self, name: usize) {
        let gone = self.held.remove(&name).unwrap();
        for held in self.held.values_mut().filter(|held| held.parent == Some(name)) {
            held.parent = gone.parent;
        }
    }
}

/// The kernel and the model.
struct Both {
    bench: Bench,
    model: Model,
    base: usize,
}

impl Both {
    fn new() -> Self {
        let mut bench = Bench::new();
        let (base, untyped) = (bench.free, bench.untyped);
        assert_eq!(bench.retype(untyped, ObjectType::Untyped, 16, base, 1).0, 0);
        let mut model = Model::default();
        model.add(Held {
            parent: None,
            has_children: true,
            kind: ObjectType::Untyped,
            badge: 0,
            slot: 0,
        });
        Self { bench, model, base }
    }

    fn cnode(&mut self, label: Label, slots: &[usize], more: &[usize]) -> usize {
        let mut words: Vec<usize> = slots.iter().flat_map(|slot| [self.base + slot, 64]).collect();
        words.extend(more);
        let caps: &[usize] = if slots.len() > 1 { &[slot::CNODE] } else { &[] };
        self.bench.invoke(slot::CNODE, label, &words, caps).0
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Make { kind, from, to } => self.make(kind, from, to),
            Step::Copy { from, to } => self.copy(from, to, 0),
            Step::Mint { from, to, badge } => self.copy(from, to, badge),
            Step::Move { from, to } => {
                let done = self.cnode(Label::CNodeMove, &[to, from], &[]) == 0;
                let source = self.model.at(from);
                assert_eq!(done, source.is_some() && self.model.at(to).is_none());
                if done {
                    self.model.held.get_mut(&source.unwrap()).unwrap().slot = to;
                }
            }
            Step::Swap { from, with } => self.swap(from, with),
            Step::Delete { at } => {
                assert_eq!(self.cnode(Label::CNodeDelete, &[at], &[]), 0);
                if let Some(name) = self.model.at(at) {
                    self.model.delete(name);
                }
            }
            Step::Revoke { at } => {
                assert_eq!(self.cnode(Label::CNodeRevoke, &[at], &[]), 0);
                if let Some(name) = self.model.at(at) {
                    for gone in self.model.descendants(name) {
                        self.model.delete(gone);
                    }
                }
            }
        }
    }

    fn make(&mut self, kind: ObjectType, from: usize, to: usize) {
        let size = if kind == ObjectType::Untyped { 11 } else { 0 };
        let source = self.model.at(from);
        let untyped = source.is_some_and(|name| self.model.held[&name].kind == ObjectType::Untyped);
        if !untyped || self.model.at(to).is_some() {
            return;
        }
        // It may be too small; that is for another test.
        let base = self.base;
        if self.bench.retype(base + from, kind, size, base + to, 1).0 == 0 {
            self.model.add(Held { parent: source, has_children: true, kind, badge: 0, slot: to });
        }
    }

    fn copy(&mut self, from: usize, to: usize, badge: usize) {
        let rights = Rights::ALL.0;
        let result = match badge {
            0 => self.cnode(Label::CNodeCopy, &[to, from], &[rights]),
            _ => self.cnode(Label::CNodeMint, &[to, from], &[rights, badge]),
        };
        let (Some(source), None) = (self.model.at(from), self.model.at(to)) else {
            assert_ne!(result, 0);
            return;
        };
        let held = self.model.held[&source].clone();
        let badged = matches!(held.kind, ObjectType::Endpoint | ObjectType::Notification);
        let parent_of_some = !self.model.descendants(source).is_empty();
        let refused = badge != 0 && badged && held.badge != 0
            || held.kind == ObjectType::Untyped && parent_of_some;
        assert_eq!(result != 0, refused);
        if refused {
            return;
        }
        let parent = if held.has_children { Some(source) } else { held.parent };
        let minted = badge != 0 && badged;
        let has_children = minted || held.kind == ObjectType::Untyped;
        let badge = if minted { badge } else { held.badge };
        self.model.add(Held { parent, has_children, kind: held.kind, badge, slot: to });
    }

    fn swap(&mut self, from: usize, with: usize) {
        let (Some(first), Some(second)) = (self.model.at(from), self.model.at(with)) else {
            return;
        };
        if first == second {
            return;
        }
        // Rotate with one slot as source and destination; a badge that is there stays only if the
        // capability takes none.
        let (base, held) = (self.base, &self.model.held);
        let takes_badge = |name: usize| {
            matches!(held[&name].kind, ObjectType::Endpoint | ObjectType::Notification)
        };
        if takes_badge(first) || takes_badge(second) {
            return;
        }
        let words = [base + from, 64, 0, base + with, 64, 0, base + from, 64];
        let result =
            self.bench.invoke(slot::CNODE, Label::CNodeRotate, &words, &[slot::CNODE, slot::CNODE]);
        assert_eq!(result.0, 0);
        self.model.held.get_mut(&first).unwrap().slot = with;
        self.model.held.get_mut(&second).unwrap().slot = from;
    }

    /// The kernel finds the same descendants of each capability as the model.
    fn compare(&self) {
        let kernel = &self.bench.kernel;
        for at in 0..SLOTS {
            let slot = self.bench.slot(self.base + at);
            let Some(name) = self.model.at(at) else {
                assert!(slot.is_empty(kernel), "slot {at}");
                continue;
            };
            let mut found = Vec::new();
            let mut next = slot.next(kernel);
            while let Some(child) = next.filter(|child| kernel.is_parent(slot, *child)) {
                found.push((child.0 - self.bench.slot(self.base).0) / 32);
                next = child.next(kernel);
            }
            let held = |name: usize| self.model.held[&name].slot;
            let mut expected: Vec<usize> =
                self.model.descendants(name).into_iter().map(held).collect();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "descendants of slot {at}");
        }
    }
}

proptest! {
    #[test]
    fn descendants_are_those_of_the_model(steps in prop::collection::vec(step(), 1..120)) {
        let mut both = Both::new();
        for step in steps {
            both.step(step);
            both.compare();
        }
    }
}
