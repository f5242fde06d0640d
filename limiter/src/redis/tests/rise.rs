//! Tests of what a stored quota learns of a sudden rise.

use model_studio_limits::LimitKind;

use super::{limit, of_store, quota, reply, request, seconds};
use crate::quota::request::Grant;
use crate::{Cost, Refusal};

/// The first reply of a new quota sets its clock, and changes nothing else.
#[test]
fn what_was_learned_of_a_sudden_rise_can_be_handed_on() {
    let limits = [limit(LimitKind::Requests, 600)];
    let mut taught = quota(&limits);
    for now in 100..1_000 {
        taught.enqueue(request(0)).unwrap();
        let call = taught.next_call(seconds(now)).unwrap();
        let answer = reply(now, vec![of_store(now)], vec![[600, 1]]);
        taught.apply_all(&call, &answer, seconds(now), seconds(now));
        let (id, counted_at) = taught.next(seconds(now), |_| true).unwrap();
        let grant = Grant {
            counted_at: counted_at.unwrap(),
            id: Some(id),
            request: request(0),
        };
        if now % 2 == 0 || now > 130 {
            taught.settle(&grant, &Cost::from(0), &|| seconds(now));
        } else {
            taught.refuse(&grant, Refusal::Burst, None, seconds(now));
            taught.resume(seconds(now));
        }
    }
    // A new one would not know the requests of the last minute.
    let is_idle = [1_001, 1_200].map(|now| {
        taught.flush(seconds(now));
        if let Ok(call) = taught.next_call(seconds(now)) {
            let answer = reply(now, Vec::new(), vec![[600, 0]]);
            taught.apply_all(&call, &answer, seconds(now), seconds(now));
        }
        taught.is_idle(seconds(now))
    });
    assert_eq!(is_idle, [false, true]);
    let pace = taught.usage(seconds(1_200)).pace;
    let mut new = quota(&limits);
    new.feedback().set_rise(taught.feedback().rise());
    new.enqueue(request(0)).unwrap();
    let call = new.next_call(seconds(1_300)).unwrap();
    let answer = reply(1_300, Vec::new(), vec![[600, 0]]);
    new.apply_all(&call, &answer, seconds(1_300), seconds(700));
    assert!(pace < 0.9 && (new.usage(seconds(1_300)).pace - pace).abs() < 1e-9);
}
