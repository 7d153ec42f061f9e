//! Where the boxes and lines of a plan's drawing are: sources above, results below.
//!
//! In layers, after Sugiyama and others (1981): an operator stands right above the first that reads it; edges that pass layers get a place in each, so that no
//! line crosses a box; sweeps over the layers bring neighbours below each other while fewer lines cross; then each layer is moved as near to its neighbours as its
//! boxes allow, which is a regression by an order (pool adjacent violators) and has one best answer.

/// The sizes of a drawing, in pixels.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) box_width: f64,
    pub(super) box_height: f64,
    /// From one box to the next in a layer.
    pub(super) gap: f64,
    /// From one layer to the next.
    pub(super) layer_gap: f64,
    pub(super) label_width: f64,
    pub(super) label_height: f64,
}

/// The room that a line takes in a layer that it passes.
const LINE_WIDTH: f64 = 16.0;
/// Plans whose lines pass more layers than this in all have them drawn across boxes: twenty thousand operators are no picture anyway.
const MOST_PASSED: usize = 20_000;
/// The layers are gone through so often, down and up.
const ORDER_SWEEPS: usize = 12;
const PLACE_SWEEPS: usize = 40;

/// A drawing.
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The upper left corner of each box.
    pub(super) boxes: Vec<(f64, f64)>,
    /// The lines, in the order of the boxes that they go to, and of their inputs.
    pub(super) lines: Vec<Line>,
}

/// A line from a box to one below.
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Which of the inputs it is.
    pub(super) input: usize,
    /// As an SVG path.
    pub(super) path: String,
    /// The centre of its label.
    pub(super) label: (f64, f64),
}

/// A box, or a place where a line passes a layer.
struct Vertex {
    layer: usize,
    width: f64,
    above: Vec<usize>,
    below: Vec<usize>,
}

/// The drawing of operators that read these, each such that have a smaller number; others are not drawn.
pub(super) fn layout(inputs: &[Vec<usize>], sizes: Sizes) -> Layout {
    let graph = Graph::of(inputs, sizes);
    let mut layers = graph.first_order();
    graph.order(&mut layers);
    let centres = graph.places(&layers, sizes.gap);
    let left = (0..inputs.len()).map(|vertex| centres[vertex] - sizes.box_width / 2.0).fold(f64::INFINITY, f64::min);
    let centres: Vec<f64> = centres.iter().map(|x| x - left).collect();
    let pitch = sizes.box_height + sizes.layer_gap;
    let boxes: Vec<(f64, f64)> = (0..inputs.len())
        .map(|vertex| (centres[vertex] - sizes.box_width / 2.0, graph.vertices[vertex].layer as f64 * pitch))
        .collect();
    Layout {
        width: boxes.iter().map(|(x, _)| x + sizes.box_width).fold(0.0, f64::max),
        height: (layers.len() as f64 * pitch - sizes.layer_gap).max(0.0),
        lines: graph.lines(&centres, sizes),
        boxes,
    }
}

struct Graph {
    vertices: Vec<Vertex>,
    /// From, to, which input, and the vertices from one end to the other.
    edges: Vec<(usize, usize, usize, Vec<usize>)>,
}

impl Graph {
    fn of(inputs: &[Vec<usize>], sizes: Sizes) -> Self {
        let layers = layers_of(inputs);
        let vertex = |layer: usize, width: f64| Vertex { layer, width, above: Vec::new(), below: Vec::new() };
        let mut graph =
            Graph { vertices: layers.iter().map(|&layer| vertex(layer, sizes.box_width)).collect(), edges: Vec::new() };
        let drawn = |to: usize| {
            inputs[to].iter().enumerate().filter(move |&(_, &from)| from < to).map(move |(input, &from)| (from, input))
        };
        let edges = || (0..inputs.len()).flat_map(|to| drawn(to).map(move |(from, input)| (from, to, input)));
        let passes = edges().map(|(from, to, _)| layers[to] - layers[from] - 1).sum::<usize>() <= MOST_PASSED;
        for (from, to, input) in edges() {
            let mut way = vec![from];
            for layer in (layers[from] + 1..layers[to]).filter(|_| passes) {
                way.push(graph.vertices.len());
                graph.vertices.push(vertex(layer, LINE_WIDTH));
            }
            way.push(to);
            for pair in way.windows(2) {
                graph.vertices[pair[0]].below.push(pair[1]);
                graph.vertices[pair[1]].above.push(pair[0]);
            }
            graph.edges.push((from, to, input, way));
        }
        graph
    }

    /// The layers as a walk from the results up meets them: a tree is drawn without crossings, first inputs to the left.
    fn first_order(&self) -> Vec<Vec<usize>> {
        let count = self.vertices.iter().map(|vertex| vertex.layer + 1).max().unwrap_or(0);
        let (mut layers, mut seen) = (vec![Vec::new(); count], vec![false; self.vertices.len()]);
        for root in (0..self.vertices.len()).filter(|&vertex| self.vertices[vertex].below.is_empty()) {
            let mut open = vec![root];
            while let Some(vertex) = open.pop() {
                if !std::mem::replace(&mut seen[vertex], true) {
                    layers[self.vertices[vertex].layer].push(vertex);
                    open.extend(self.vertices[vertex].above.iter().rev());
                }
            }
        }
        layers
    }

    /// Brings neighbours below each other, and keeps the order of the fewest crossings.
    fn order(&self, layers: &mut Vec<Vec<usize>>) {
        let (mut now, mut fewest) = (layers.clone(), self.crossings(layers));
        for sweep in 0..ORDER_SWEEPS {
            if fewest == 0 {
                return;
            }
            let mut places = places_in(&now, self.vertices.len());
            let goes_down = sweep.is_multiple_of(2);
            for number in 0..now.len() {
                let layer = if goes_down { number } else { now.len() - 1 - number };
                let centre = |&vertex: &usize| {
                    let Vertex { above, below, .. } = &self.vertices[vertex];
                    let near = if goes_down { above } else { below };
                    let sum: f64 = near.iter().map(|&near| places[near]).sum();
                    if near.is_empty() { places[vertex] } else { sum / near.len() as f64 }
                };
                let mut by_centre: Vec<(f64, usize)> =
                    now[layer].iter().map(|vertex| (centre(vertex), *vertex)).collect();
                by_centre.sort_by(|left, right| left.0.total_cmp(&right.0));
                now[layer] = by_centre.into_iter().map(|(_, vertex)| vertex).collect();
                now[layer].iter().enumerate().for_each(|(place, &vertex)| places[vertex] = place as f64);
            }
            let crossings = self.crossings(&now);
            if crossings < fewest {
                fewest = crossings;
                layers.clone_from(&now);
            }
        }
    }

    /// How often lines cross between layers.
    fn crossings(&self, layers: &[Vec<usize>]) -> usize {
        let places = places_in(layers, self.vertices.len());
        let between = |layer: &Vec<usize>| {
            let (mut crossings, mut ends) = (0, Vec::<f64>::new());
            for &vertex in layer {
                let mut below: Vec<f64> = self.vertices[vertex].below.iter().map(|&below| places[below]).collect();
                below.sort_by(f64::total_cmp);
                crossings +=
                    below.iter().map(|end| ends.len() - ends.partition_point(|other| other <= end)).sum::<usize>();
                for end in below {
                    ends.insert(ends.partition_point(|&other| other <= end), end);
                }
            }
            crossings
        };
        layers.iter().map(between).sum()
    }

    /// The centre of each vertex.
    fn places(&self, layers: &[Vec<usize>], gap: f64) -> Vec<f64> {
        let mut centres = vec![0.0; self.vertices.len()];
        // From the first of a layer to each, at least.
        let offsets = |layer: &[usize]| {
            let mut offset = 0.0;
            let mut next = |pair: &[usize]| {
                offset += (self.vertices[pair[0]].width + self.vertices[pair[1]].width) / 2.0 + gap;
                offset
            };
            let rest: Vec<f64> = layer.windows(2).map(&mut next).collect();
            [0.0].into_iter().chain(rest).take(layer.len()).collect::<Vec<f64>>()
        };
        let offsets: Vec<Vec<f64>> = layers.iter().map(|layer| offsets(layer)).collect();
        for (layer, offsets) in layers.iter().zip(&offsets) {
            layer.iter().zip(offsets).for_each(|(&vertex, &offset)| centres[vertex] = offset);
        }
        for sweep in 0..PLACE_SWEEPS {
            for number in 0..layers.len() {
                let layer = if sweep.is_multiple_of(2) { number } else { layers.len() - 1 - number };
                let wanted = |(&vertex, offset): (&usize, &f64)| {
                    let (centre, weight) = self.wanted(vertex, sweep, &centres);
                    (centre - offset, weight)
                };
                let wanted: Vec<(f64, f64)> = layers[layer].iter().zip(&offsets[layer]).map(wanted).collect();
                for ((&vertex, offset), place) in layers[layer].iter().zip(&offsets[layer]).zip(rising(&wanted)) {
                    centres[vertex] = place + offset;
                }
            }
        }
        centres
    }

    /// Where a vertex would like to be, and how much: below those above it in sweeps down, above those below it in sweeps up. The last goes up, so that chains are
    /// straight and a tree stands evenly above its root.
    fn wanted(&self, vertex: usize, sweep: usize, centres: &[f64]) -> (f64, f64) {
        let Vertex { above, below, .. } = &self.vertices[vertex];
        let (mut sum, mut weights) = (0.0, 0.0);
        for &near in if sweep.is_multiple_of(2) { above } else { below } {
            // A line that passes layers is best straight.
            let passes = |vertex: usize| self.vertices[vertex].width == LINE_WIDTH;
            let weight = if passes(near) && passes(vertex) { 8.0 } else { 1.0 };
            sum += weight * centres[near];
            weights += weight;
        }
        if weights == 0.0 { (centres[vertex], 0.1) } else { (sum / weights, weights) }
    }

    fn lines(&self, centres: &[f64], sizes: Sizes) -> Vec<Line> {
        let leaving = self.ports(centres, sizes, |(from, _, _, way)| (*from, way.get(1).copied()));
        let arriving = self.ports(centres, sizes, |(_, to, _, way)| (*to, way.len().checked_sub(2).map(|at| way[at])));
        let top = |vertex: usize| self.vertices[vertex].layer as f64 * (sizes.box_height + sizes.layer_gap);
        // By layer: what is between others is not in the way.
        let mut taken: Vec<Vec<(f64, f64)>> = Vec::new();
        let layer_of = |(_, y): (f64, f64)| (y / (sizes.box_height + sizes.layer_gap)) as usize;
        let is_free = |taken: &[Vec<(f64, f64)>], (x, y): (f64, f64)| {
            let others = taken.get(layer_of((x, y))).map_or(&[][..], |layer| layer);
            others
                .iter()
                .all(|other| (other.0 - x).abs() >= sizes.label_width || (other.1 - y).abs() >= sizes.label_height)
        };
        let mut lines = Vec::new();
        for (number, (from, to, input, way)) in self.edges.iter().enumerate() {
            let start = (centres[*from] + leaving[number], top(*from) + sizes.box_height);
            let end = (centres[*to] + arriving[number], top(*to));
            let passed = way[1..way.len() - 1].iter().flat_map(|&vertex| {
                [(centres[vertex], top(vertex)), (centres[vertex], top(vertex) + sizes.box_height)]
            });
            let points: Vec<(f64, f64)> = [start].into_iter().chain(passed).chain([end]).collect();
            let label = label(&points, |place| is_free(&taken, place));
            taken.resize_with(taken.len().max(layer_of(label) + 1), Vec::new);
            taken[layer_of(label)].push(label);
            lines.push(Line { from: *from, to: *to, input: *input, path: path(&points), label });
        }
        lines
    }

    /// How far from the middle of its box each line begins or ends: the lines of a box stand beside each other, in the order of where they come from.
    fn ports(
        &self,
        centres: &[f64],
        sizes: Sizes,
        end: impl Fn(&(usize, usize, usize, Vec<usize>)) -> (usize, Option<usize>),
    ) -> Vec<f64> {
        let mut ports = vec![0.0; self.edges.len()];
        let mut by_box: Vec<Vec<(f64, usize)>> = vec![Vec::new(); self.vertices.len()];
        for (number, edge) in self.edges.iter().enumerate() {
            let (vertex, near) = end(edge);
            by_box[vertex].push((near.map_or(0.0, |near| centres[near]), number));
        }
        for lines in &mut by_box {
            lines.sort_by(|left, right| left.0.total_cmp(&right.0));
            for (place, (_, number)) in lines.iter().enumerate() {
                ports[*number] = sizes.box_width * ((place + 1) as f64 / (lines.len() + 1) as f64 - 0.5);
            }
        }
        ports
    }
}

/// The layer of each operator: right above the first that reads it, and a result right below the last that it reads.
fn layers_of(inputs: &[Vec<usize>]) -> Vec<usize> {
    let mut layers = vec![0; inputs.len()];
    for to in 0..inputs.len() {
        let above = inputs[to].iter().filter(|&&from| from < to).map(|&from| layers[from] + 1);
        layers[to] = above.max().unwrap_or(0);
    }
    let mut lowest = vec![usize::MAX; inputs.len()];
    for to in (0..inputs.len()).rev() {
        if lowest[to] != usize::MAX {
            layers[to] = lowest[to];
        }
        for &from in inputs[to].iter().filter(|&&from| from < to) {
            lowest[from] = lowest[from].min(layers[to].saturating_sub(1));
        }
    }
    layers
}

/// The place of each vertex in its layer.
fn places_in(layers: &[Vec<usize>], vertices: usize) -> Vec<f64> {
    let mut places = vec![0.0; vertices];
    for layer in layers {
        layer.iter().enumerate().for_each(|(place, &vertex)| places[vertex] = place as f64);
    }
    places
}

/// The numbers that never fall and are nearest to these, by the sum of weighted squares: neighbours in the wrong order share their mean.
fn rising(wanted: &[(f64, f64)]) -> Vec<f64> {
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for &(value, weight) in wanted {
        let mut block = (value, weight, 1);
        while let Some(last) = blocks.pop_if(|last| last.0 > block.0) {
            let weight = last.1 + block.1;
            block = ((last.0 * last.1 + block.0 * block.1) / weight, weight, last.2 + block.2);
        }
        blocks.push(block);
    }
    blocks.into_iter().flat_map(|(value, _, count)| std::iter::repeat_n(value, count)).collect()
}

/// A line through points: straight past boxes, and in a bow from one layer to the next.
fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (number, &(x, y)) in points.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|before| points.get(before));
        let part = match before {
            None => format!("M{x:.1} {y:.1}"),
            Some(_) if number.is_multiple_of(2) => format!("L{x:.1} {y:.1}"),
            Some(before) => {
                let middle = f64::midpoint(before.1, y);
                format!("C{:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}", before.0)
            }
        };
        path.push_str(&part);
    }
    path
}

/// Where on its line a label has room beside those that have their place: on the first bow, if it can be.
fn label(points: &[(f64, f64)], is_free: impl Fn((f64, f64)) -> bool) -> (f64, f64) {
    let on_bow = |bow: &[(f64, f64)], at: f64| {
        let ((x, y), (to_x, to_y)) = (bow[0], bow[1]);
        (x + (to_x - x) * at * at * (3.0 - 2.0 * at), y + (to_y - y) * (1.5 * at * (1.0 - at) + at * at * at))
    };
    let places = || points.chunks_exact(2).flat_map(|bow| [0.5, 0.3, 0.7].map(|at| on_bow(bow, at)));
    places().find(|&place| is_free(place)).or_else(|| places().next()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
