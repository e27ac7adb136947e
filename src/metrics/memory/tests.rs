use super::*;

fn series(name: &'static str, value: impl Into<String>) -> Series {
    Series::new(name, "Help.").label("a", value)
}

fn names_and_sizes(metrics: &MemoryMetrics) -> Vec<(&'static str, usize)> {
    let mut all = Vec::new();
    metrics.each(|name, family| all.push((name, family.series.len())));
    all
}

#[test]
fn the_same_series_is_the_same_number_whatever_the_order_of_its_labels() {
    let metrics = MemoryMetrics::default();
    let one = Series::new("n", "h").label("a", "1").label("b", "2");
    let other = Series::new("n", "h").label("b", "2").label("a", "1");
    metrics.counter(&one).add(1);
    metrics.counter(&other).add(1);
    assert_eq!(metrics.counter(&one).get(), 2);
    metrics.gauge(&series("g", "x")).add(3);
    metrics.gauge(&series("g", "x")).add(-1);
    assert_eq!(metrics.gauge(&series("g", "x")).get(), 2);
}

#[test]
fn series_beyond_the_bound_are_one() {
    let metrics = MemoryMetrics::default();
    for number in 0..3_000 {
        metrics.counter(&series("many", number.to_string())).add(1);
    }
    assert_eq!(metrics.counter(&series("many", OTHER)).get(), 1_000);
    assert_eq!(metrics.counter(&series("many", "7")).get(), 1, "those from before go on");
    assert_eq!(metrics.left_out.get(), 1_000);
    for name in ["b", "c", "d", "e", "f", "g", "h"] {
        (0..2_000).for_each(|number| metrics.gauge(&series(name, number.to_string())).set(1));
    }
    let all: usize = names_and_sizes(&metrics).iter().map(|(_, size)| size).sum();
    assert!((MOST..=MOST + 10).contains(&all), "{all}");
    assert_eq!(all, metrics.lock().series);
}

#[test]
fn what_makes_no_sense_is_nowhere_and_counted() {
    let metrics = MemoryMetrics::default();
    let before = names_and_sizes(&metrics);
    metrics.counter(&Series::new("with space", "h")).add(1);
    metrics.counter(&Series::new("", "h")).add(1);
    metrics.counter(&Series::new("1st", "h")).add(1);
    metrics.counter(&Series::new("a", "h").label("le", "1")).add(1);
    metrics.counter(&Series::new("a", "h").label("b\"", "1")).add(1);
    metrics.counter(&Series::new("a", "h").label("b", "1").label("b", "2")).add(1);
    metrics.gauge(&Series::new("dockgate_metrics_series_left_out_total", "h")).set(9);
    assert_eq!((names_and_sizes(&metrics), metrics.left_out.get()), (before, 7));
}

#[test]
fn what_was_replaced_is_gone() {
    let metrics = MemoryMetrics::default();
    let of = |kind: &str, name: &str| series("g", kind).label("name", name);
    metrics.replace(&series("g", "x"), vec![(of("x", "1"), 1), (of("x", "2"), 2)]);
    metrics.replace(&series("g", "y"), vec![(of("y", "1"), 1)]);
    metrics.replace(&series("g", "x"), vec![(of("x", "2"), 3)]);
    assert!(names_and_sizes(&metrics).contains(&("g", 2)));
    assert_eq!(metrics.gauge(&of("x", "2")).get(), 3);
    assert_eq!(metrics.lock().series, 4);
}

#[test]
fn what_a_configuration_counts_ends_with_it() {
    let metrics = Arc::new(MemoryMetrics::default());
    let (old, new) = (OfConfiguration(Arc::clone(&metrics)), OfConfiguration(Arc::clone(&metrics)));
    let kept = old.counter(&series("n", "kept"));
    let gone = old.counter(&series("n", "gone"));
    metrics.counter(&series("n", "always")).add(1);
    kept.add(2);
    let kept_on = new.counter(&series("n", "kept"));
    drop((kept, gone, old));
    kept_on.add(1);
    let text = metrics.text();
    assert!(text.contains("n{a=\"kept\"} 3\n") && text.contains("n{a=\"always\"} 1\n"), "{text}");
    assert!(!text.contains("gone"), "{text}");
    drop(kept_on);
    assert!(!metrics.text().contains("kept"));
    for reload in 0..20 {
        let held: Vec<Counter> =
            (0..1_000).map(|number| new.counter(&series("m", format!("{reload} {number}")))).collect();
        assert_eq!(held.len(), 1_000);
    }
    assert_eq!(metrics.left_out.get(), 0, "there is room for what comes where something went");
}
