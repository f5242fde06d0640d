use fixture::{Chat, chat};

const RETIRED: Chat = chat!("gone");

fn main() {
    chat!("ending");
    match RETIRED {
        chat!("away") => {}
        _ => {}
    }
}
