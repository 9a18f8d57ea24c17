fn main() {
    let mut sink = huiqi::fields::Sink::default();
    let dir = std::env::args().nth(1).unwrap();
    let p = huiqi::check::load(std::path::Path::new(&dir), &mut sink, |_, _| {}).unwrap();
    for d in sink.sorted() { eprint!("{}", sink.render(d)); }
    eprintln!("{} policies {} measures {:?}", p.policies.len(), p.measure_count(), sink.counts());
}
