//! The flame graph as a picture: one row per depth, the run on top, each function as wide as the fuel it burned with all that
//! it called. It holds no script; a browser shows the numbers of the function under the pointer.

use std::fmt::Write;

use super::percent;
use super::tree::{Tree, shown};
use crate::local::shown::grouped;

const WIDTH: f64 = 1200.0;
const MARGIN: f64 = 10.0;
const ROW_HEIGHT: f64 = 18.0;
const HEAD_HEIGHT: f64 = 46.0;
/// What is narrower is left out with all that it called: it could not be seen.
const WIDTH_MIN: f64 = 0.4;
/// Rows drawn: deeper stacks are recursions, and the numbers have them whole.
const ROWS_MAX: usize = 400;
/// Room that one letter of the labels takes, and the narrowest box that has a label.
const LETTER_WIDTH: f64 = 6.7;
const LABELLED_WIDTH_MIN: f64 = 24.0;

struct Box {
    node: usize,
    x: f64,
    width: f64,
    row: usize,
}

/// Draw it.
pub(super) fn draw(tree: &Tree, title: &str) -> String {
    let boxes = boxes(tree);
    let rows = boxes.iter().map(|each| each.row + 1).max().unwrap_or(0);
    let height = HEAD_HEIGHT + rows as f64 * ROW_HEIGHT + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', monospace\" font-size=\"11\">\n\
         <style>rect{{stroke:#fff;stroke-width:.6}} g:hover rect{{stroke:#111;stroke-width:1.2}} text{{pointer-events:none;fill:#1a1a1a}}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\" style=\"stroke:none\"/>\n"
    );
    let total = tree.totals[0];
    let heading = format!("{} units of fuel in one run of {title}", grouped(total));
    let legend = "width: fuel, with all that was called · yellow: functions of the module · blue: calls of the host";
    // Writing to a string does not fail.
    writeln!(
        svg,
        "<text x=\"{MARGIN}\" y=\"18\" font-size=\"14\" font-weight=\"bold\">{}</text>",
        escaped(&heading)
    )
    .ok();
    writeln!(
        svg,
        "<text x=\"{MARGIN}\" y=\"36\" style=\"fill:#555\">{legend}</text>"
    )
    .ok();
    for each in &boxes {
        draw_box(&mut svg, tree, each);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_box(svg: &mut String, tree: &Tree, each: &Box) {
    let node = &tree.nodes[each.node];
    let name = shown(&node.function, node.host);
    let (total, all) = (tree.totals[each.node], tree.totals[0]);
    let told = format!(
        "{name}: {} fuel ({}), {} of it in itself; entered {} times",
        grouped(total),
        percent(total, all),
        grouped(node.fuel),
        grouped(node.calls)
    );
    let (x, y) = (each.x, HEAD_HEIGHT + each.row as f64 * ROW_HEIGHT);
    writeln!(
        svg,
        "<g><title>{}</title><rect x=\"{x:.2}\" y=\"{y}\" width=\"{:.2}\" height=\"{ROW_HEIGHT}\" fill=\"{}\"/>{}</g>",
        escaped(&told),
        each.width,
        colour(&node.function, node.host, each.row),
        label(&name, each, y),
    )
    .ok();
}

fn label(name: &str, each: &Box, y: f64) -> String {
    if each.width < LABELLED_WIDTH_MIN {
        return String::new();
    }
    let room = ((each.width - 6.0) / LETTER_WIDTH) as usize;
    let text = if name.chars().count() <= room {
        name.to_owned()
    } else {
        let cut: String = name.chars().take(room.saturating_sub(1)).collect();
        cut + "…"
    };
    format!(
        "<text x=\"{:.2}\" y=\"{:.1}\">{}</text>",
        each.x + 3.0,
        y + 12.5,
        escaped(&text)
    )
}

/// Where every function that can be seen goes: children side by side under their caller, the largest at the left.
fn boxes(tree: &Tree) -> Vec<Box> {
    let scale = (WIDTH - 2.0 * MARGIN) / tree.totals[0].max(1) as f64;
    let mut boxes = Vec::new();
    let mut open = vec![(0, MARGIN, 0)];
    while let Some((node, x, row)) = open.pop() {
        let width = tree.totals[node] as f64 * scale;
        if width < WIDTH_MIN || row >= ROWS_MAX {
            continue;
        }
        let mut left = x;
        for child in &tree.children[node] {
            open.push((*child, left, row + 1));
            left += tree.totals[*child] as f64 * scale;
        }
        boxes.push(Box {
            node,
            x,
            width,
            row,
        });
    }
    boxes
}

/// A function has the same colour wherever it stands.
fn colour(name: &str, host: bool, row: usize) -> String {
    if row == 0 {
        return "#d9d9d9".to_owned();
    }
    let hash = name.bytes().fold(2_166_136_261_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
    });
    let (hue, light) = if host {
        (205, 72)
    } else {
        (28 + hash % 26, 64)
    };
    format!(
        "hsl({hue},{}%,{}%)",
        78 + hash / 64 % 12,
        light + hash / 4096 % 10
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::small;
    use super::*;

    #[test]
    fn a_box_is_as_wide_as_its_fuel_and_names_are_escaped() {
        let tree = small();
        let widths: Vec<_> = boxes(&tree)
            .iter()
            .map(|each| (each.node, each.row, each.width.round() as u32))
            .collect();
        assert_eq!(
            widths,
            [
                (0, 0, 1180),
                (1, 1, 1170),
                (2, 2, 393),
                (3, 2, 757),
                (4, 3, 167)
            ]
        );
        let svg = draw(&tree, "a<b>.wasm");
        assert!(
            svg.contains("600 units of fuel in one run of a&lt;b&gt;.wasm"),
            "{svg}"
        );
        assert!(svg.contains(
            "fee&lt;&amp;u8&gt;: 385 fuel (64.2 %), 300 of it in itself; entered 3 times"
        ));
        assert!(!svg.contains("<&"));
    }
}
