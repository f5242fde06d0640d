use fixture::chat;

fn main() {
    chat!("old");
    chat!("older"); // an alias
    chat!("middle");
    chat!("noted");
    chat!("dropped");
}
