//! What classes that wait get of the limits.

use proptest::prelude::*;

use super::{MINUTE, SECOND, cases, per_minute, quota, request};
use crate::quota::LocalQuota;
use crate::quota::class_table::ClassId;
use crate::quota::request::Grant;
use crate::quota::rules::Rules;
use crate::quota::tags::UNITS;
use crate::time::{Nanos, Time};
use crate::{Class, ClassKey, Cost};

/// A class of the load.
#[derive(Clone, Copy, Debug)]
struct Tenant {
    weight: u32,
    /// The largest number of tokens of a request.
    most: u64,
    /// The actual tokens of a request, in percent of its estimate.
    actual: u64,
    /// One in so many of the waiting requests is cancelled when another one is admitted.
    cancels: u64,
}

#[derive(Clone, Debug)]
struct Load {
    requests: u64,
    tokens: u64,
    tenants: Vec<Tenant>,
    seed: u64,
}

fn loads(actual: impl Strategy<Value = u64> + Clone + 'static) -> impl Strategy<Value = Load> {
    let tenant = (
        prop_oneof![Just(1_u32), 1..20_u32],
        prop_oneof![Just(1_000_u64), Just(20_000), Just(200_000)],
        actual,
        prop_oneof![Just(u64::MAX), 2..10_u64],
    );
    let tenant = tenant.prop_map(|(weight, most, actual, cancels)| Tenant {
        weight,
        most,
        actual,
        cancels,
    });
    (
        prop_oneof![Just(0_u64), Just(600), Just(6_000)],
        Just(1_000_000_u64),
        proptest::collection::vec(tenant, 2..5),
        1..u64::MAX,
    )
        .prop_map(|(requests, tokens, tenants, seed)| Load {
            requests,
            tokens,
            tenants,
            seed,
        })
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    id: u64,
    tokens: u64,
    /// A lower bound for the time of its admission, if no requests are cancelled.
    not_before: Time,
}

/// Each class of a load always has several waiting requests.
struct World {
    quota: LocalQuota,
    now: Time,
    load: Load,
    random: u64,
    /// By class.
    waiting: Vec<Vec<Waiting>>,
    running: Vec<(usize, Grant, Time)>,
    /// The time, the class and the tokens of each admission.
    admitted: Vec<(Time, usize, u64)>,
}

impl World {
    fn new(load: &Load) -> Self {
        let classes = load.tenants.iter().enumerate();
        let classes = classes.map(|(class, tenant)| (key(class), Class::weight(tenant.weight)));
        let limits = per_minute(load.requests, load.tokens, 0);
        let mut world = Self {
            quota: quota(&limits, Rules::default(), &classes.collect::<Vec<_>>()),
            now: Time::START,
            random: load.seed,
            waiting: vec![Vec::new(); load.tenants.len()],
            running: Vec::new(),
            admitted: Vec::new(),
            load: load.clone(),
        };
        for class in 0..world.waiting.len() {
            for _ in 0..3 {
                world.add(class);
            }
        }
        world
    }

    /// Admits requests until a time, and calls a function after each one.
    fn run(&mut self, end: Time, mut check: impl FnMut(&Self)) {
        while self.now < end {
            self.now = self.quota.next_event().unwrap().max(self.now);
            self.settle();
            while let Some((id, result)) = self.quota.next(self.now, |_| true) {
                let mut classes = self.waiting.iter();
                let is_id = |line: &Vec<Waiting>| line.iter().any(|waiting| waiting.id == id);
                let class = classes.position(is_id).unwrap();
                let first = self.waiting[class].remove(0);
                assert_eq!(first.id, id, "overtaken in its class");
                let mut tenants = self.load.tenants.iter();
                if tenants.all(|tenant| tenant.cancels == u64::MAX) {
                    assert!(first.not_before <= self.now, "earlier than the bound");
                }
                let tokens = first.tokens;
                let grant = Grant {
                    counted_at: result.unwrap(),
                    id: Some(id),
                    request: request(&key(class), tokens),
                };
                let ends = self.now + Nanos::from_millis(self.random(10_000));
                self.running.push((class, grant, ends));
                self.admitted.push((self.now, class, tokens));
                self.add(class);
                self.cancel();
                check(self);
            }
            check(self);
        }
    }

    fn add(&mut self, class: usize) {
        let tokens = 1 + self.random(self.load.tenants[class].most);
        let request = request(&key(class), tokens);
        self.waiting[class].push(Waiting {
            not_before: self.quota.lower_bound(&request),
            id: self.quota.enqueue(request).unwrap(),
            tokens,
        });
    }

    /// Cancels the first request of a class, which has others.
    fn cancel(&mut self) {
        let class = usize::try_from(self.random(self.waiting.len() as u64)).unwrap();
        let cancels = self.load.tenants[class].cancels;
        if self.random(cancels) == 1 {
            let waiting = self.waiting[class].remove(0);
            self.quota.cancel(waiting.id, &key(class));
            self.add(class);
        }
    }

    fn settle(&mut self) {
        let now = self.now;
        for index in (0..self.running.len()).rev() {
            let (class, grant, ends) = &self.running[index];
            if *ends <= now {
                let estimate = grant.request.cost;
                let tokens = estimate.amount(model_studio_limits::LimitKind::Tokens);
                let actual = tokens * self.load.tenants[*class].actual / 100;
                let cost = estimate.settled(&Cost::from(actual));
                self.quota.settle(grant, &cost, &|| now);
                self.running.swap_remove(index);
            }
        }
    }

    /// Returns a number below a bound.
    fn random(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound
    }

    /// Returns the largest cost of a request of a class by its weight, in units of a tag.
    fn largest(&self, class: usize) -> u128 {
        let tenant = self.load.tenants[class];
        let cost = self.quota.dominant(&Cost::from(tenant.most));
        u128::from(cost.0) * UNITS / u128::from(tenant.weight)
    }

    /// Returns by how much the running requests will change the tags when they are settled.
    fn unknown(&self) -> u64 {
        let running = self.running.iter().map(|(class, grant, _)| {
            let tenant = self.load.tenants[*class];
            let cost = self.quota.dominant(&grant.request.cost).0;
            cost * tenant.actual.abs_diff(100) / 100 / u64::from(tenant.weight)
        });
        running.sum()
    }

    fn id(&self, class: usize) -> ClassId {
        self.quota.classes.find(&key(class)).unwrap()
    }

    /// Checks that no class that waits is further ahead of another than a request.
    fn check_tags(&self) {
        for a in 0..self.waiting.len() {
            for b in 0..a {
                let tag = |class| self.quota.tags.start(self.id(class));
                let apart = tag(a).abs_diff(tag(b));
                let most = self.largest(a).max(self.largest(b));
                assert!(
                    apart <= most,
                    "{a} and {b} are {apart} apart, more than {most}"
                );
            }
        }
    }
}

/// A request that is polled 0.7 seconds late costs its class only this time until it starts again.
#[test]
fn a_late_request_is_charged_for_the_time_that_it_has_lost() {
    let mut quota = quota(&per_minute(600, 1_000_000, 0), Rules::default(), &[]);
    let class = quota.class(&key(0));
    let now = Time::START;
    quota.try_acquire(&request(&key(1), 0), now).unwrap();
    let request = request(&key(0), 100_000);
    let id = quota.enqueue(request.clone()).unwrap();
    let before = quota.tags.start(class);
    let at = Time::START + Nanos::from_millis(100);
    let (_, counted_at) = quota.next(at, |_| true).unwrap();
    let mut grant = Grant {
        counted_at: counted_at.unwrap(),
        id: Some(id),
        request,
    };
    let late = Nanos::from_millis(700);
    assert!(!quota.renew(id, &mut grant, at + late));
    assert_eq!(quota.tags.start(class) - before, u128::from(late.0) * UNITS);
}

fn key(class: usize) -> ClassKey {
    ClassKey::from(class + 1)
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn classes_that_wait_are_at_most_one_request_apart(load in loads(Just(100_u64))) {
        let mut world = World::new(&load);
        world.run(Time::START + Nanos(3 * MINUTE.0), World::check_tags);
    }

    /// The use in any time is at most what the limit allows in it, the largest request, and the credits
    /// of the pace and of the account: a second each, or a quarter of the largest request.
    #[test]
    fn requests_of_classes_are_evenly_spaced(load in loads(Just(100_u64))) {
        let mut world = World::new(&load);
        world.run(Time::START + Nanos(3 * MINUTE.0), |_| {});
        let costs = world.admitted.iter().map(|(at, _, tokens)| {
            (*at, Nanos(MINUTE.0 * tokens / load.tokens))
        });
        let costs: Vec<_> = costs.collect();
        let largest = load.tenants.iter().map(|tenant| MINUTE.0 * tenant.most / load.tokens);
        let largest = largest.max().unwrap();
        let most = Nanos(largest + largest / 4) + SECOND + SECOND;
        for (index, (start, _)) in costs.iter().enumerate() {
            let mut used = Nanos::ZERO;
            for (at, cost) in &costs[index..] {
                used = used + *cost;
                let elapsed = at.since(*start);
                prop_assert!(used <= elapsed + most, "{used:?} in {elapsed:?}");
            }
        }
    }

    /// Wrong estimates do not change the shares: what is not known of them yet is at most what
    /// classes are apart.
    #[test]
    fn classes_get_what_their_weights_say_whatever_they_estimate(
        load in loads(prop_oneof![Just(25_u64), Just(100), Just(400)])
    ) {
        let load = Load { requests: 0, ..load };
        let mut world = World::new(&load);
        let mut unknown = 0;
        world.run(Time::START + Nanos(4 * MINUTE.0), |world| {
            unknown = unknown.max(world.unknown());
        });
        let used = |class: usize| {
            let sent = world.admitted.iter().filter(|(_, other, _)| *other == class);
            let tenant = load.tenants[class];
            let used: u64 = sent.map(|(.., tokens)| tokens * tenant.actual / 100).sum();
            MINUTE.0 * used / load.tokens / u64::from(tenant.weight)
        };
        for a in 0..load.tenants.len() {
            for b in 0..a {
                let largest = world.largest(a).max(world.largest(b)) / UNITS;
                let most = 2 * (u64::try_from(largest).unwrap() + unknown);
                let apart = used(a).abs_diff(used(b));
                prop_assert!(apart <= most, "{a} and {b} are {apart} apart, more than {most}");
            }
        }
    }

    /// The first request waits for room for at most one window, and then for what was used.
    #[test]
    fn the_next_request_waits_at_most_one_window_for_room(load in loads(Just(100_u64))) {
        let mut world = World::new(&load);
        let mut first = None;
        world.run(Time::START + Nanos(5 * MINUTE.0), |world| {
            let (class, _) = world.quota.tags.first().unwrap();
            let (id, _) = world.quota.queue.front(class).unwrap();
            let is_ready = world.quota.limits.paced_until(true) <= world.now;
            match first {
                Some((other, since)) if other == id => {
                    let waited = world.now.since(since);
                    assert!(waited <= MINUTE + SECOND + SECOND, "waits for {waited:?}");
                }
                _ if is_ready => first = Some((id, world.now)),
                _ => first = None,
            }
        });
    }
}
