//! A drawing in layers (Sugiyama and others, 1981).
//!
//! * A vertex is in the layer right above the first vertex that reads it.
//! * An edge over several layers has a vertex of its own in each layer between, so that its line
//!   crosses no box. Beyond [`MAX_PASSED_LAYERS`], lines do cross boxes.
//! * Up to [`ORDER_SWEEPS`] sweeps over the layers move neighbours closer together. The order with
//!   the fewest crossings is kept.
//! * Then the vertices of each layer are moved as close to their neighbours as the boxes allow.
//!   This is an isotonic regression (pool adjacent violators), which has a unique solution.

use super::Sizes;

/// The width of a line in a layer that it passes.
const LINE_WIDTH: f64 = 16.0;
/// The maximum number of layers that all lines of a plan pass together. Beyond that, lines are
/// drawn across boxes.
const MAX_PASSED_LAYERS: usize = 20_000;
/// The numbers of sweeps over the layers, down and up.
const ORDER_SWEEPS: usize = 12;
const PLACE_SWEEPS: usize = 40;

/// A vertex of the drawing.
#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) place: Place,
}

/// The position of a vertex among the others.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// Anywhere.
    Any,
    /// In the uppermost layer.
    Top,
    /// At the end of its layer.
    Right,
}

/// An edge to a vertex with a greater number.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The position of each end, relative to the middle of its vertex. `None` for a position next
    /// to the other edges.
    pub(super) from_x: Option<f64>,
    pub(super) to_x: Option<f64>,
}

/// The vertices and edges with their places.
pub(super) struct Drawing {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The upper left corner of each vertex.
    pub(super) corners: Vec<(f64, f64)>,
    /// The course of each edge.
    pub(super) courses: Vec<Course>,
}

/// The course of an edge.
pub(super) struct Course {
    /// Pairs of points: straight from the first to the second of a pair, and curved to the next
    /// pair.
    pub(super) points: Vec<(f64, f64)>,
    /// The centre of its label.
    pub(super) label: (f64, f64),
}

/// A vertex, or a place at which a line passes a layer.
struct Vertex {
    layer: usize,
    width: f64,
    height: f64,
    place: Place,
    /// The neighbours, each with the distance of the two middles for which the edge between them is
    /// straight.
    above: Vec<(usize, f64)>,
    below: Vec<(usize, f64)>,
}

/// Draws vertices and edges.
pub(super) fn draw(nodes: &[Node], edges: &[Edge], sizes: Sizes) -> Drawing {
    let graph = Graph::of(nodes, edges);
    let mut layers = graph.first_order();
    graph.order(&mut layers);
    let centres = graph.places(&layers, sizes.gap);
    let left = |vertex: usize| centres[vertex] - graph.vertices[vertex].width / 2.0;
    let leftmost = (0..nodes.len()).map(left).fold(f64::INFINITY, f64::min);
    let centres: Vec<f64> = centres.iter().map(|x| x - leftmost).collect();
    let bands = graph.bands(&layers, sizes.layer_gap);
    let corner = |vertex: usize| {
        let Vertex { layer, width, height, .. } = &graph.vertices[vertex];
        (centres[vertex] - width / 2.0, bands[*layer].1 - height)
    };
    let corners: Vec<(f64, f64)> = (0..nodes.len()).map(corner).collect();
    Drawing {
        width: corners.iter().zip(nodes).map(|((x, _), node)| x + node.width).fold(0.0, f64::max),
        height: bands.last().map_or(0.0, |band| band.1),
        courses: graph.courses(&centres, &bands, &corners, sizes),
        corners,
    }
}

struct Graph {
    vertices: Vec<Vertex>,
    /// The edges, each with the vertices from one end to the other.
    edges: Vec<(Edge, Vec<usize>)>,
}

impl Graph {
    fn of(nodes: &[Node], edges: &[Edge]) -> Self {
        let layers = layers_of(nodes, edges);
        let vertex = |layer: usize, Node { width, height, place }: Node| Vertex {
            layer,
            width,
            height,
            place,
            above: Vec::new(),
            below: Vec::new(),
        };
        let vertices = layers.iter().zip(nodes).map(|(&layer, &node)| vertex(layer, node)).collect();
        let mut graph = Graph { vertices, edges: Vec::new() };
        let passed = |edge: &Edge| (layers[edge.to] - layers[edge.from]).saturating_sub(1);
        let passes = edges.iter().map(passed).sum::<usize>() <= MAX_PASSED_LAYERS;
        for &edge in edges {
            let mut way = vec![edge.from];
            for layer in (layers[edge.from] + 1..layers[edge.to]).filter(|_| passes) {
                way.push(graph.vertices.len());
                graph.vertices.push(vertex(layer, Node { width: LINE_WIDTH, height: 0.0, place: Place::Any }));
            }
            way.push(edge.to);
            for (number, pair) in way.windows(2).enumerate() {
                let from_x = edge.from_x.filter(|_| number == 0).unwrap_or(0.0);
                let to_x = edge.to_x.filter(|_| number + 2 == way.len()).unwrap_or(0.0);
                graph.vertices[pair[0]].below.push((pair[1], to_x - from_x));
                graph.vertices[pair[1]].above.push((pair[0], from_x - to_x));
            }
            graph.edges.push((edge, way));
        }
        graph
    }

    /// The upper and lower end of each layer.
    fn bands(&self, layers: &[Vec<usize>], gap: f64) -> Vec<(f64, f64)> {
        let mut top = 0.0;
        let mut band = |layer: &Vec<usize>| {
            let height = layer.iter().map(|&vertex| self.vertices[vertex].height).fold(0.0, f64::max);
            let band = (top, top + height);
            top = band.1 + gap;
            band
        };
        layers.iter().map(&mut band).collect()
    }

    /// The vertices of each layer in the order of a traversal from the results up. A tree is then
    /// drawn without crossings, with its first inputs at the left.
    fn first_order(&self) -> Vec<Vec<usize>> {
        let count = self.vertices.iter().map(|vertex| vertex.layer + 1).max().unwrap_or(0);
        let (mut layers, mut seen) = (vec![Vec::new(); count], vec![false; self.vertices.len()]);
        for root in (0..self.vertices.len()).filter(|&vertex| self.vertices[vertex].below.is_empty()) {
            let mut open = vec![root];
            while let Some(vertex) = open.pop() {
                if !std::mem::replace(&mut seen[vertex], true) {
                    layers[self.vertices[vertex].layer].push(vertex);
                    open.extend(self.vertices[vertex].above.iter().rev().map(|&(above, _)| above));
                }
            }
        }
        layers
    }

    /// Moves neighbours closer together, and keeps the order with the fewest crossings.
    fn order(&self, layers: &mut Vec<Vec<usize>>) {
        layers.iter_mut().for_each(|layer| self.keep_right(layer));
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
                    let sum: f64 = near.iter().map(|&edge| end_of(edge, &places)).sum();
                    if near.is_empty() { places[vertex] } else { sum / near.len() as f64 }
                };
                let mut by_centre: Vec<(f64, usize)> =
                    now[layer].iter().map(|vertex| (centre(vertex), *vertex)).collect();
                by_centre.sort_by(|left, right| left.0.total_cmp(&right.0));
                now[layer] = by_centre.into_iter().map(|(_, vertex)| vertex).collect();
                self.keep_right(&mut now[layer]);
                now[layer].iter().enumerate().for_each(|(place, &vertex)| places[vertex] = place as f64);
            }
            let crossings = self.crossings(&now);
            if crossings < fewest {
                fewest = crossings;
                layers.clone_from(&now);
            }
        }
    }

    /// Moves vertices to the end of their layer if their place is there.
    fn keep_right(&self, layer: &mut [usize]) {
        // Stable, so the others keep their order.
        layer.sort_by_key(|&vertex| self.vertices[vertex].place == Place::Right);
    }

    /// The number of crossings of lines between layers.
    fn crossings(&self, layers: &[Vec<usize>]) -> usize {
        let places = places_in(layers, self.vertices.len());
        let between = |layer: &Vec<usize>| {
            let (mut crossings, mut ends) = (0, Vec::<f64>::new());
            for &vertex in layer {
                let mut below: Vec<f64> =
                    self.vertices[vertex].below.iter().map(|&edge| end_of(edge, &places)).collect();
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
        // The least distance of each vertex from the first one of its layer.
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

    /// The best centre of a vertex, and its weight: below its upper neighbours in sweeps down,
    /// above its lower ones in sweeps up. The last sweep goes up. So chains are straight, and a
    /// tree is centred above its root.
    fn wanted(&self, vertex: usize, sweep: usize, centres: &[f64]) -> (f64, f64) {
        let Vertex { above, below, .. } = &self.vertices[vertex];
        let (mut sum, mut weights) = (0.0, 0.0);
        for &(near, distance) in if sweep.is_multiple_of(2) { above } else { below } {
            // A line that passes layers should be straight.
            let passes = |vertex: usize| self.vertices[vertex].width == LINE_WIDTH;
            let weight = if passes(near) && passes(vertex) { 8.0 } else { 1.0 };
            // The edge may end at another position than the middle of the neighbour.
            sum += weight * (centres[near] + distance);
            weights += weight;
        }
        if weights == 0.0 { (centres[vertex], 0.1) } else { (sum / weights, weights) }
    }

    fn courses(&self, centres: &[f64], bands: &[(f64, f64)], corners: &[(f64, f64)], sizes: Sizes) -> Vec<Course> {
        let leaving = self.ports(centres, |(edge, way)| (edge.from, way.get(1).copied(), edge.from_x));
        let arriving =
            self.ports(centres, |(edge, way)| (edge.to, way.len().checked_sub(2).map(|at| way[at]), edge.to_x));
        // By layer, because labels of other layers do not overlap.
        let mut taken: Vec<Vec<(f64, f64)>> = vec![Vec::new(); bands.len()];
        let layer_of = |(_, y): (f64, f64)| bands.partition_point(|band| band.1 < y);
        let is_free = |taken: &[Vec<(f64, f64)>], (x, y): (f64, f64)| {
            let others = taken.get(layer_of((x, y))).map_or(&[][..], |layer| layer);
            others
                .iter()
                .all(|other| (other.0 - x).abs() >= sizes.label_width || (other.1 - y).abs() >= sizes.label_height)
        };
        let mut courses = Vec::new();
        for (number, (Edge { from, to, .. }, way)) in self.edges.iter().enumerate() {
            let band = |vertex: usize| bands[self.vertices[vertex].layer];
            let (start, end) = (centres[*from] + leaving[number], centres[*to] + arriving[number]);
            let passed = way[1..way.len() - 1].iter().flat_map(|&vertex| {
                let (top, bottom) = band(vertex);
                [(centres[vertex], top), (centres[vertex], bottom)]
            });
            let bottom = corners[*from].1 + self.vertices[*from].height;
            let ends = ([(start, bottom), (start, band(*from).1)], [(end, band(*to).0), (end, corners[*to].1)]);
            let points: Vec<(f64, f64)> = ends.0.into_iter().chain(passed).chain(ends.1).collect();
            let label = label(&points, |place| is_free(&taken, place));
            let layer = layer_of(label).min(taken.len() - 1);
            taken[layer].push(label);
            courses.push(Course { points, label });
        }
        courses
    }

    /// The distance of each line's end from the middle of its box. The lines of a box are side by
    /// side, in the order of their other ends.
    fn ports(
        &self,
        centres: &[f64],
        end: impl Fn(&(Edge, Vec<usize>)) -> (usize, Option<usize>, Option<f64>),
    ) -> Vec<f64> {
        let mut ports = vec![0.0; self.edges.len()];
        let mut by_box: Vec<Vec<(f64, usize)>> = vec![Vec::new(); self.vertices.len()];
        for (number, edge) in self.edges.iter().enumerate() {
            match end(edge) {
                (_, _, Some(fixed)) => ports[number] = fixed,
                (vertex, near, None) => by_box[vertex].push((near.map_or(0.0, |near| centres[near]), number)),
            }
        }
        for (lines, vertex) in by_box.iter_mut().zip(&self.vertices) {
            lines.sort_by(|left, right| left.0.total_cmp(&right.0));
            for (place, (_, number)) in lines.iter().enumerate() {
                ports[*number] = vertex.width * ((place + 1) as f64 / (lines.len() + 1) as f64 - 0.5);
            }
        }
        ports
    }
}

/// The layer of each vertex: right above the first vertex that reads it. A result is right below
/// the last vertex that it reads.
fn layers_of(nodes: &[Node], edges: &[Edge]) -> Vec<usize> {
    let mut reads: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    edges.iter().for_each(|edge| reads[edge.to].push(edge.from));
    let has_top = nodes.iter().any(|node| node.place == Place::Top);
    let mut layers: Vec<usize> = nodes.iter().map(|node| usize::from(has_top && node.place != Place::Top)).collect();
    for to in 0..nodes.len() {
        layers[to] = reads[to].iter().map(|&from| layers[from] + 1).fold(layers[to], usize::max);
    }
    let mut lowest = vec![usize::MAX; nodes.len()];
    for to in (0..nodes.len()).rev() {
        if lowest[to] != usize::MAX && nodes[to].place != Place::Top {
            layers[to] = lowest[to];
        }
        for &from in &reads[to] {
            lowest[from] = lowest[from].min(layers[to].saturating_sub(1));
        }
    }
    layers
}

/// The position of an edge's end among the vertices of a layer. It distinguishes edges that enter
/// the same frame.
fn end_of((vertex, distance): (usize, f64), places: &[f64]) -> f64 {
    // Distances are at most some thousand pixels.
    places[vertex] + distance * 1e-5
}

/// The position of each vertex in its layer.
fn places_in(layers: &[Vec<usize>], vertices: usize) -> Vec<f64> {
    let mut places = vec![0.0; vertices];
    for layer in layers {
        layer.iter().enumerate().for_each(|(place, &vertex)| places[vertex] = place as f64);
    }
    places
}

/// The rising numbers that are closest to these, by weighted squares. Neighbours in the wrong order
/// get their common mean.
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

/// The position of a label on its line: on the first curve, if other labels leave room for it.
fn label(points: &[(f64, f64)], is_free: impl Fn((f64, f64)) -> bool) -> (f64, f64) {
    let on_bow = |bow: &[(f64, f64)], at: f64| {
        let ((x, y), (to_x, to_y)) = (bow[0], bow[1]);
        (x + (to_x - x) * at * at * (3.0 - 2.0 * at), y + (to_y - y) * (1.5 * at * (1.0 - at) + at * at * at))
    };
    let bows = || points.get(1..).unwrap_or_default().chunks_exact(2);
    let places = || bows().flat_map(|bow| [0.5, 0.3, 0.7].map(|at| on_bow(bow, at)));
    places().find(|&place| is_free(place)).or_else(|| places().next()).unwrap_or_default()
}
