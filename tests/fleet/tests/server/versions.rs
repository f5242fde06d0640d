//! Programs with different versions of the protocol.

use fleet_tests::{ACCOUNT, MODEL, SECOND, Server, limits_of, within};
use model_studio_limiter::{Account, AcquireError, RedisStore};
use model_studio_limits::Model;
use redis::cmd;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_another_version_is_not_used() {
    let server = Server::start();
    let store = RedisStore::connect(&server.url(), ACCOUNT).await.unwrap();
    let account = Account::<Model>::builder().limits(MODEL, limits_of(100, 0));
    let account = account.store(store.fallback(1, 1)).build().unwrap();
    within(account.acquire(MODEL, 0)).await.unwrap().settle(0);
    account.limiter(MODEL).flush().await;
    let version = server.key(":version");
    let _: () = server.run(cmd("SET").arg(&version).arg("2"));
    let used = server.state(":total");
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
    assert_eq!(server.state(":total"), used);
    let _: i64 = server.run(cmd("DEL").arg(&version));
    within(account.acquire(MODEL, 0)).await.unwrap().settle(0);
    let version: String = server.run(cmd("GET").arg(server.key(":version")));
    assert_eq!(version, "1");
}
