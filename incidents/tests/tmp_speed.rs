use std::sync::Arc;
use cloudops_incidents::{base::{Base, Question}, generate, note::Note};
use cloudops_indexes::embed::Table;
#[test]
fn speed() {
    let mut base = Base::new(Arc::new(Table::general().unwrap()));
    for incident in generate::incidents(1, 100_000) { base.put(Note { incident, text: String::new() }, None).unwrap(); }
    for q in ["users get logged off during purchase and logging on again fails, the in-memory store only serves what it already has", "site very slow on a busy day, processor usage is a horizontal line far under 100 and the autoscaler does nothing", "database full"] {
        let question = Question { text: q.to_owned(), ..Question::default() };
        base.similar(&question, 10, 0).unwrap();
        let t = std::time::Instant::now();
        for _ in 0..20 { base.similar(&question, 10, 0).unwrap(); }
        println!("{:?}", t.elapsed() / 20);
    }
}
