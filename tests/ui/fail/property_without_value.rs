use fixture::typed::Model;

const _: () = assert!(Model::Speech.context_window().unwrap() >= 200_000);

fn main() {}
