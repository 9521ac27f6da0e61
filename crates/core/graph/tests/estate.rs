//! The estate that the benchmark draws is what its page says, and the same every time.

#[path = "../benches/graph/estate.rs"]
#[allow(dead_code, reason = "the benchmark uses all of it")]
mod estate;
#[path = "../benches/graph/random.rs"]
mod random;
#[path = "../benches/graph/shape.rs"]
#[allow(dead_code, reason = "the benchmark uses all of it")]
mod shape;

use estate::{Estate, Layer};
use firebreak_graph::Graph;
use firebreak_model::{CutPolicy, Fact, Persistence};
use shape::Shape;

const SIZE: (u32, u32) = (10_000, 100_000);

fn facts(shape: Shape) -> Vec<Fact> {
    let mut facts = Vec::new();
    Estate::new(shape).facts(|fact| facts.push(fact));
    facts
}

#[test]
fn the_same_seed_gives_the_same_estate_and_another_seed_another() {
    let once = facts(Shape::seg(SIZE));
    assert_eq!(once, facts(Shape::seg(SIZE)));
    assert_ne!(once, facts(Shape::seg(SIZE).with_seed(9)));
}

#[test]
fn the_estate_is_as_large_as_its_shape_says_and_sound() {
    for shape in [Shape::seg(SIZE), Shape::tight(SIZE), Shape::seg(SIZE).plain(), Shape::tight(SIZE).taken()] {
        let estate = Estate::new(shape.clone());
        let facts = facts(shape);
        assert_eq!(facts.iter().filter(|fact| matches!(fact, Fact::Edge(_))).count(), 100_000);
        let (graph, problems) = Graph::build(&facts);
        assert_eq!(problems, Vec::new());
        assert_eq!(graph.node_count(), estate.node_count() as usize);
        assert_eq!(graph.crown_jewels().len(), 100);
        // A relation that is drawn twice is one edge.
        assert!(graph.edge_count() > 99_900, "{} edges", graph.edge_count());
    }
}

#[test]
fn gates_intervals_and_what_policy_forbids_are_there_where_the_shape_has_them() {
    let of = |shape: Shape| {
        let (mut gates, mut timed, mut taken, mut never, mut options) = (0, 0, 0, 0, 0);
        for fact in facts(shape) {
            let cuts = match &fact {
                Fact::Node(node) => &node.cuts,
                Fact::Edge(edge) => {
                    gates += usize::from(!edge.premises.is_empty());
                    timed += usize::from(edge.valid != firebreak_model::Interval::ALWAYS);
                    taken += usize::from(edge.persistence == Persistence::Take);
                    &edge.cuts
                }
            };
            options += cuts.len();
            never += cuts.iter().filter(|option| option.policy == CutPolicy::Never).count();
        }
        (gates, timed, taken, never * 1_000 / options)
    };
    let (gates, timed, taken, never) = of(Shape::seg(SIZE));
    assert!(
        (900..=1_000).contains(&gates) && (28_000..32_000).contains(&timed),
        "{gates} gates, {timed} with intervals"
    );
    assert!(taken == 0 && (25..35).contains(&never), "{taken} taken, {never} of a thousand never");
    assert!(of(Shape::seg(SIZE).taken()).2 > 10_000);
    let (gates, timed, ..) = of(Shape::seg(SIZE).plain());
    assert_eq!((gates, timed), (0, 0));
}

#[test]
fn a_draw_of_environments_has_each_once() {
    let estate = Estate::new(Shape::seg(SIZE));
    let drawn = estate.environments(50, 3);
    let different: std::collections::BTreeSet<u32> = drawn.iter().copied().collect();
    assert_eq!((drawn.len(), different.len()), (50, 50));
    assert!(drawn.iter().all(|node| estate.layer(Layer::Environment).contains(node)));
}
