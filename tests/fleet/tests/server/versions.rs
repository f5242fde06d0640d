//! Programs with different versions of the protocol.

use fleet_tests::{MODEL, SECOND, account, connect, key, limits_of, state_field, within};
use model_studio_limiter::AcquireError;
use redis::cmd;
use redis_server::RedisServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_another_version_is_not_used() {
    let server = RedisServer::start();
    let store = connect(&server.url()).await.fallback(1, 1);
    let account = account(store, limits_of(100, 0)).build().unwrap();
    within(account.acquire(MODEL, 0)).await.unwrap().settle(0);
    account.limiter(MODEL).flush().await;
    let version = key(&server, ":version");
    let _: () = server.run(cmd("SET").arg(&version).arg("2"));
    let used = state_field(&server, ":total");
    for _ in 0..3 {
        // Without a timeout.
        let result = within(account.acquire(MODEL, 0)).await;
        let Err(AcquireError::Store(error)) = result else {
            panic!("{result:?}");
        };
        let error = error.to_string();
        assert!(
            error.contains("version 2") && error.contains("version 1"),
            "{error}"
        );
        // The fallback is for outages.
        tokio::time::sleep(SECOND / 2).await;
    }
    assert_eq!(state_field(&server, ":total"), used);
    let _: i64 = server.run(cmd("DEL").arg(&version));
    within(account.acquire(MODEL, 0)).await.unwrap().settle(0);
    let version: String = server.run(cmd("GET").arg(key(&server, ":version")));
    assert_eq!(version, "1");
}
