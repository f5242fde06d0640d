//! Sends requests to `qwen-plus` in simulated time, as fast as two limiters allow, and counts those
//! that the provider refuses. Needs neither a key nor a network.
//!
//! ```sh
//! cargo run -p model-studio-limiter --example simulate
//! ```

use mock_provider::{Client, Load, MINUTE, PerMinute, Provider, Rule, Simulation};
use model_studio_limiter::Limiter;
use model_studio_limits::Model;

fn main() {
    let model = Model::QwenPlus;
    let limit = PerMinute::new(model.limits());
    let duration = 3 * MINUTE;
    println!("Three minutes of {model}: {}.\n", model.limits());
    println!("requests of              limiter                 sent  refused  limit used");
    for (size, load) in [
        ("100 tokens", Load::Small),
        ("1,500 tokens (median)", Load::LogNormal),
    ] {
        let ours = Client::limiter(Limiter::builder(model.limits()));
        let governor = Client::governor_per_minute(limit);
        for (name, mut client) in [
            ("model-studio-limiter", ours),
            ("governor, per_minute", governor),
        ] {
            let mut provider = Provider::new()
                .limit_requests(Rule::Sliding(MINUTE), limit.requests)
                .limit_tokens(Rule::Sliding(MINUTE), limit.tokens);
            let outcome = Simulation::new(load, duration).run(&mut client, &mut provider);
            println!(
                "{size:23}  {name:20}  {:>6}  {:>7}  {:>9.1}%",
                outcome.sent(),
                outcome.refused,
                outcome.utilisation(limit, duration) * 100.0,
            );
        }
    }
}
