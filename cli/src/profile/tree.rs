//! A profile as its readers want it: every stack with all that it burned, the largest first, and sums by function.

use std::collections::{HashMap, HashSet};

use cartwright_engine::profile::{Node, Profile};
use serde_json::{Value, json};

/// The stacks of one run.
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// Of each node, what it burned with all that it called.
    pub(super) totals: Vec<u64>,
    /// Of each node, those it called, what burned most first.
    pub(super) children: Vec<Vec<usize>>,
}

/// One function over all stacks that it is in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) host: bool,
    /// Fuel burned in it, in what it called not counted.
    pub(super) own: u64,
    /// Fuel burned in it and in what it called; where it called itself, once.
    pub(super) total: u64,
    pub(super) calls: u64,
}

impl Tree {
    pub(super) fn of(profile: &Profile) -> Self {
        let nodes = profile.nodes.clone();
        let mut totals: Vec<u64> = nodes.iter().map(|node| node.fuel).collect();
        let mut children = vec![Vec::new(); nodes.len()];
        // Parents come before their children, so from the end every total is whole when it is added.
        for (index, node) in nodes.iter().enumerate().rev() {
            if let Some(parent) = node.parent {
                totals[parent] += totals[index];
                children[parent].push(index);
            }
        }
        for children in &mut children {
            children.sort_by_key(|child| std::cmp::Reverse(totals[*child]));
        }
        Self {
            nodes,
            totals,
            children,
        }
    }

    /// Functions by what they burned themselves, most first.
    pub(super) fn functions(&self) -> Vec<Function> {
        let mut by_name: HashMap<(&str, bool), Function> = HashMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let function = by_name
                .entry((&node.function, node.host))
                .or_insert_with(|| Function {
                    name: node.function.clone(),
                    host: node.host,
                    own: 0,
                    total: 0,
                    calls: 0,
                });
            function.own += node.fuel;
            function.calls += node.calls;
            if !self.is_within_itself(index) {
                function.total += self.totals[index];
            }
        }
        let mut functions: Vec<Function> = by_name.into_values().collect();
        functions.sort_by(|one, other| (other.own, &one.name).cmp(&(one.own, &other.name)));
        functions
    }

    /// Whether the node's function is already further out in its stack.
    fn is_within_itself(&self, index: usize) -> bool {
        let node = &self.nodes[index];
        let mut outer = node.parent;
        while let Some(parent) = outer {
            if self.nodes[parent].function == node.function && self.nodes[parent].host == node.host
            {
                return true;
            }
            outer = self.nodes[parent].parent;
        }
        false
    }

    /// Nodes from the outermost in, each before those it called, the largest first.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let (mut order, mut open) = (Vec::with_capacity(self.nodes.len()), vec![0]);
        while let Some(index) = open.pop() {
            order.push(index);
            open.extend(self.children[index].iter().rev());
        }
        debug_assert_eq!(order.iter().collect::<HashSet<_>>().len(), self.nodes.len());
        order
    }
}

impl Function {
    /// Its name, with a mark on those of the host.
    pub(super) fn shown(&self) -> String {
        shown(&self.name, self.host)
    }

    pub(super) fn document(&self) -> Value {
        json!({
            "function": self.name, "host": self.host, "fuel": self.own, "fuel_with_calls": self.total, "entered": self.calls,
        })
    }
}

/// A function's name, with a mark on those of the host.
pub(super) fn shown(name: &str, host: bool) -> String {
    if host {
        format!("{name} (host)")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `run` called `main`, which called `fee` twice over: once inside itself, and `fd_write` of the host.
    pub(in crate::profile) fn small() -> Tree {
        let node = |parent, function: &str, host, fuel, calls| Node {
            parent,
            function: function.into(),
            host,
            fuel,
            calls,
        };
        Tree::of(&Profile {
            nodes: vec![
                node(None, "run", false, 5, 1),
                node(Some(0), "main", false, 10, 1),
                node(Some(1), "fd_write", true, 200, 1),
                node(Some(1), "fee<&u8>", false, 300, 3),
                node(Some(3), "fee<&u8>", false, 85, 3),
            ],
            truncated: false,
        })
    }

    #[test]
    fn a_total_holds_what_was_called_and_a_recursion_once() {
        let tree = small();
        assert_eq!(tree.totals, [600, 595, 200, 385, 85]);
        assert_eq!(tree.in_order(), [0, 1, 3, 4, 2]);
        let functions = tree.functions();
        let seen: Vec<_> = functions
            .iter()
            .map(|each| (each.shown(), each.own, each.total, each.calls))
            .collect();
        assert_eq!(
            seen,
            [
                ("fee<&u8>".into(), 385, 385, 6),
                ("fd_write (host)".into(), 200, 200, 1),
                ("main".into(), 10, 595, 1),
                ("run".into(), 5, 600, 1),
            ]
        );
    }
}
