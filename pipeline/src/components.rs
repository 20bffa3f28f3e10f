//! Circles in a graph.

/// Strongly connected components, referenced ones first (Tarjan, "Depth-first search and linear graph algorithms", 1972).
pub(crate) fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    struct State<'a> {
        edges: &'a [Vec<usize>],
        order: Vec<usize>,
        low: Vec<usize>,
        on_stack: Vec<bool>,
        stack: Vec<usize>,
        next: usize,
        found: Vec<Vec<usize>>,
    }
    fn visit(state: &mut State<'_>, at: usize) {
        state.order[at] = state.next;
        state.low[at] = state.next;
        state.next += 1;
        state.stack.push(at);
        state.on_stack[at] = true;
        for &to in &state.edges[at] {
            if state.order[to] == usize::MAX {
                visit(state, to);
                state.low[at] = state.low[at].min(state.low[to]);
            } else if state.on_stack[to] {
                state.low[at] = state.low[at].min(state.order[to]);
            }
        }
        if state.low[at] == state.order[at] {
            let mut component = Vec::new();
            while let Some(member) = state.stack.pop() {
                state.on_stack[member] = false;
                component.push(member);
                if member == at {
                    break;
                }
            }
            component.sort_unstable();
            state.found.push(component);
        }
    }
    let count = edges.len();
    let mut state = State {
        edges,
        order: vec![usize::MAX; count],
        low: vec![0; count],
        on_stack: vec![false; count],
        stack: Vec::new(),
        next: 0,
        found: Vec::new(),
    };
    for at in 0..count {
        if state.order[at] == usize::MAX {
            visit(&mut state, at);
        }
    }
    state.found
}
