//! The tree of stacks that a profiled run grows, and the fuel that each one burned by itself.

use std::collections::{BTreeMap, HashMap};

/// Different stacks that are told apart. Past this, a call counts in its caller: two functions that call each other without
/// order could make any number of stacks.
const NODES_MAX: usize = 500_000;

/// Where the fuel of one run went.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Stacks as a tree, parents before children. The first one is the run itself, outside every function.
    pub nodes: Vec<Node>,
    /// Whether there were more different stacks than are told apart; then deep ones count in their callers.
    pub truncated: bool,
}

/// One stack of functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The stack it was called from; none for the run itself.
    pub parent: Option<usize>,
    /// The innermost function, by name: the module's own, or the host's as the module imports it.
    pub function: String,
    /// Whether that is a function of the host.
    pub host: bool,
    /// Fuel burned there, in what it called not counted.
    pub fuel: u64,
    /// How often it was entered.
    pub calls: u64,
}

/// A function of the module, for people.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) host: bool,
}

/// Grows the tree while the run goes on.
pub(super) struct Recorder {
    nodes: Vec<Place>,
    children: HashMap<(usize, u32), usize>,
    current: usize,
    /// Calls deeper than the tree grows.
    uncounted_depth: usize,
    truncated: bool,
    limit: u64,
    /// What was left when the guest last entered or left a function.
    fuel_left: u64,
}

struct Place {
    parent: usize,
    function: u32,
    fuel: u64,
    calls: u64,
}

impl Recorder {
    pub(super) fn new(limit: u64) -> Self {
        let run = Place {
            parent: 0,
            function: u32::MAX,
            fuel: 0,
            calls: 1,
        };
        Self {
            nodes: vec![run],
            children: HashMap::new(),
            current: 0,
            uncounted_depth: 0,
            truncated: false,
            limit,
            fuel_left: limit,
        }
    }

    pub(super) fn enter(&mut self, function: u32, fuel_left: u64) {
        self.count(fuel_left);
        let known = self.children.get(&(self.current, function)).copied();
        let place = match known {
            _ if self.uncounted_depth > 0 => None,
            Some(place) => Some(place),
            None if self.nodes.len() < NODES_MAX => Some(self.grow(function)),
            None => None,
        };
        match place {
            Some(place) => {
                self.nodes[place].calls += 1;
                self.current = place;
            }
            None => {
                self.truncated = true;
                self.uncounted_depth += 1;
            }
        }
    }

    pub(super) fn leave(&mut self, fuel_left: u64) {
        self.count(fuel_left);
        if self.uncounted_depth > 0 {
            self.uncounted_depth -= 1;
        } else {
            self.current = self.nodes[self.current].parent;
        }
    }

    /// The whole tree, once the run has used this much.
    pub(super) fn finish(
        &mut self,
        fuel_used: u64,
        functions: &BTreeMap<u32, Function>,
    ) -> Profile {
        self.count(self.limit.saturating_sub(fuel_used));
        let nodes = self.nodes.iter().enumerate().map(|(index, place)| {
            let function = functions.get(&place.function);
            Node {
                parent: (index > 0).then_some(place.parent),
                function: match function {
                    _ if index == 0 => "run".into(),
                    Some(function) => function.name.clone(),
                    None => format!("function {}", place.function),
                },
                host: function.is_some_and(|function| function.host),
                fuel: place.fuel,
                calls: place.calls,
            }
        });
        Profile {
            nodes: nodes.collect(),
            truncated: self.truncated,
        }
    }

    fn grow(&mut self, function: u32) -> usize {
        let place = self.nodes.len();
        self.nodes.push(Place {
            parent: self.current,
            function,
            fuel: 0,
            calls: 0,
        });
        self.children.insert((self.current, function), place);
        place
    }

    /// What was burned since the last change belongs to the function that the guest was in.
    fn count(&mut self, fuel_left: u64) {
        self.nodes[self.current].fuel += self.fuel_left.saturating_sub(fuel_left);
        self.fuel_left = fuel_left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuel_counts_where_it_was_burned() {
        let mut recorder = Recorder::new(100);
        recorder.enter(7, 99); // the run itself burned 1
        recorder.enter(8, 90); // 7 burned 9
        recorder.leave(70); // 8 burned 20
        recorder.enter(8, 65); // 7 burned 5
        recorder.leave(60); // 8 burned 5
        recorder.leave(58); // 7 burned 2
        let profile = recorder.finish(45, &BTreeMap::new());
        let seen: Vec<_> = profile
            .nodes
            .iter()
            .map(|node| (node.parent, node.fuel, node.calls))
            .collect();
        assert_eq!(seen, [(None, 4, 1), (Some(0), 16, 1), (Some(1), 25, 2)]);
        assert_eq!(profile.nodes.iter().map(|node| node.fuel).sum::<u64>(), 45);
    }

    #[test]
    fn a_guest_that_ends_deep_inside_counts_there() {
        let mut recorder = Recorder::new(10);
        recorder.enter(1, 9);
        recorder.enter(2, 8);
        let profile = recorder.finish(10, &BTreeMap::new());
        assert_eq!(profile.nodes[2].fuel, 8);
    }
}
