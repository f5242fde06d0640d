use fixture::typed::Model;

const MODEL: Model = Model::Small;

const _: () = assert!(MODEL.context_window().unwrap() >= 200_000);

fn main() {}
