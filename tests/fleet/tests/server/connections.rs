//! The ways to connect to a server: as a user, over TLS, through Sentinel and in a cluster.

use std::collections::{BTreeSet, HashMap};
use std::process::Command;
use std::time::Instant;

use fleet_tests::{
    ACCOUNT, MODEL, Record, SECOND, WINDOW, Work, Worker, account, connect, key, limits_of, within,
};
use model_studio_limiter::{Account, AcquireError, RedisStore};
use model_studio_limits::Model;
use redis::{Cmd, Value, cmd};
use redis_server::{RedisServer, free_port, wait_until};
use tokio::time::timeout;

use crate::WORKER;

/// Where the commands are documented that a user needs.
const GUIDE: &str = include_str!("../../../../limiter/src/guide.md");

/// The command that creates the user `fleet`, without permissions.
fn set_user() -> Cmd {
    let mut command = cmd("ACL");
    command.arg("SETUSER").arg("fleet").arg("on").arg(">secret");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_needs_only_what_is_documented() {
    let server = RedisServer::start();
    let (_, rest) = GUIDE.split_once("An ACL user needs the keys").unwrap();
    let (documented, _) = rest.split_once("Cluster clients").unwrap();
    let mut quoted = documented.split('`').skip(1).step_by(2);
    let mut set_user = set_user();
    set_user.arg(format!("~{}", quoted.next().unwrap()));
    let documented = quoted.map(|command| command.to_lowercase().replace(' ', "|"));
    let documented: BTreeSet<String> = documented.collect();
    for command in &documented {
        set_user.arg(format!("+{command}"));
    }
    let _: String = server.run(&set_user);
    let _: String = server.run(cmd("CONFIG").arg("RESETSTAT"));

    let url = format!("redis://fleet:secret@127.0.0.1:{}/", server.port());
    let account = account(connect(&url).await, limits_of(100, 2));
    let account = account.build().unwrap();
    let limiter = account.limiter(MODEL);
    // A call that is denied is repeated, so that requests would wait forever.
    let work = async {
        for cost in [0, 3] {
            account.acquire(MODEL, 5).await.unwrap().settle(cost);
        }
        account.acquire(MODEL, 5).await.unwrap().cancel();
        for class in ["chat", "batch", "chat"] {
            let permit = account.class(class).acquire(MODEL, 5).await;
            permit.unwrap().settle(7);
        }
        let first = account.acquire_task(MODEL).await.unwrap();
        let second = account.acquire_task(MODEL).await.unwrap();
        let third = timeout(SECOND / 5, account.acquire_task(MODEL));
        assert!(third.await.is_err(), "three tasks run");
        first.finish();
        second.finish();
        account.acquire_task(MODEL).await.unwrap().finish();
        limiter.flush().await;
        // Damaged data is deleted.
        let key = key(&server, ":state");
        let _: () = server.run(cmd("SET").arg(key).arg("x"));
        account.acquire(MODEL, 5).await.unwrap().settle(5);
    };
    let result = timeout(5 * SECOND, work).await;
    assert!(result.is_ok(), "the user may not do what is needed");
    assert_eq!(limiter.usage().store.unwrap().failures, 0);
    assert_eq!(limiter.usage().store.unwrap().resets, 1);
    let mut denied: Vec<HashMap<String, Value>> = server.run(cmd("ACL").arg("LOG"));
    // The client sends `CLIENT SETINFO`, which need not be allowed.
    denied.retain(|entry| match &entry["object"] {
        Value::BulkString(command) => !command.starts_with(b"client"),
        _ => true,
    });
    assert_eq!(denied, []);

    let info: String = server.run(cmd("INFO").arg("commandstats"));
    let used = info.lines().filter_map(|line| {
        let (command, _) = line.strip_prefix("cmdstat_")?.split_once(':')?;
        Some(command.to_owned())
    });
    let mut used: BTreeSet<String> = used.collect();
    // What this test sends, and what every user may send or does not need.
    for other in [
        "acl|log",
        "auth",
        "client|setinfo",
        "config|resetstat",
        "hello",
        "keys",
    ] {
        used.remove(other);
    }
    assert_eq!(documented, used, "the documented commands, and those used");
}

#[test]
fn a_fleet_shares_its_limits_over_tls() {
    let server = RedisServer::start();
    let file = |name: &str| server.directory().join(name);
    let (key, certificate) = (file("key.pem"), file("certificate.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]);
    openssl.args(["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=fleet"]);
    openssl.args(["-addext", "subjectAltName=IP:127.0.0.1"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    let output = openssl.output().expect("this test needs `openssl`");
    assert!(output.status.success(), "{output:?}");
    // Another program can take a free port before the server does.
    let port = (0..10).find_map(|_| {
        let port = free_port();
        let mut set = cmd("CONFIG");
        set.arg("SET");
        set.arg("tls-cert-file").arg(certificate.to_str());
        set.arg("tls-key-file").arg(key.to_str());
        set.arg("tls-auth-clients").arg("no");
        set.arg("tls-port").arg(port);
        let result = set.query::<()>(&mut server.connection());
        result.ok().map(|()| port)
    });
    let port = port.expect("the server listens for TLS");

    let url = format!("rediss://127.0.0.1:{port}/");
    let work = Work::requests(60, WINDOW, 5 * SECOND);
    let workers =
        [(); 2].map(|()| Worker::start_with_certificates(WORKER, &certificate, &url, work));
    let record = Record::new(workers.map(Worker::sends).into());
    assert!(record.most_in_any(WINDOW) <= 60, "{record}");
    let utilisation = record.utilisation(60, WINDOW);
    println!("over TLS: {utilisation:.3}");
    assert!(utilisation > 0.8, "{utilisation}: {record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinel_names_the_new_master_after_a_failover() {
    let master = RedisServer::start();
    let replica = RedisServer::start();
    replica.follow(&master);
    let sentinel = RedisServer::start_sentinel(&master);
    let url = sentinel.url();
    let store = RedisStore::connect_sentinel(&[&url], "fleet", ACCOUNT).await;
    let account = account(store.unwrap(), limits_of(100, 0));
    let account = account.build().unwrap();
    for _ in 0..3 {
        within(account.acquire(MODEL, 0)).await.unwrap().settle(0);
    }
    // It has to know the replica first.
    wait_until("a failover starts", || {
        let mut failover = cmd("SENTINEL");
        failover.arg("FAILOVER").arg("fleet");
        failover.query::<()>(&mut sentinel.connection()).is_ok()
    });
    let port = replica.port().to_string();
    wait_until("the replica is the master", || {
        let mut address = cmd("SENTINEL");
        address.arg("GET-MASTER-ADDR-BY-NAME").arg("fleet");
        sentinel.run::<Vec<String>>(&address)[1] == port
    });
    // Until then, the processes stay with the old one.
    drop(master);
    let start = Instant::now();
    for _ in 0..3 {
        let permit = account.limiter(MODEL).acquire_timeout(0, 10 * SECOND);
        permit.await.unwrap().settle(0);
    }
    println!("three requests {:?} after a failover", start.elapsed());
    let info: String = replica.run(cmd("INFO").arg("commandstats"));
    assert!(info.contains("cmdstat_eval"), "{info}");
}

/// The master has a password and a database, which Sentinel does not have.
#[tokio::test(flavor = "multi_thread")]
async fn a_master_of_sentinel_can_have_a_password_and_a_database() {
    let master = RedisServer::start();
    let sentinel = RedisServer::start_sentinel(&master);
    let mut set = cmd("SENTINEL");
    set.arg("SET").arg("fleet").arg("auth-pass").arg("secret");
    let _: () = sentinel.run(&set);
    let mut connection = master.connection();
    let mut set = cmd("CONFIG");
    set.arg("SET").arg("requirepass").arg("secret");
    set.exec(&mut connection).unwrap();

    let url = sentinel.url();
    let plain = RedisStore::connect_sentinel(&[&url], "fleet", ACCOUNT).await;
    assert!(plain.is_err(), "the password is needed");
    let name = "redis://:secret@fleet/2";
    let store = RedisStore::connect_sentinel(&[&url], name, ACCOUNT).await;
    let account = account(store.unwrap(), limits_of(100, 0));
    let account = account.build().unwrap();
    within(account.acquire(MODEL, 0)).await.unwrap().settle(0);
    let info: String = cmd("INFO").arg("keyspace").query(&mut connection).unwrap();
    assert!(info.contains("db2:keys="), "{info}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_delete_keys_is_reported() {
    let server = RedisServer::start();
    connect(&server.url()).await.check().await.unwrap();
    let mut set = cmd("CONFIG");
    set.arg("SET").arg("maxmemory-policy").arg("allkeys-lru");
    let _: () = server.run(&set);
    // It can be used all the same.
    let store = connect(&server.url()).await;
    let error = store.check().await.unwrap_err().to_string();
    assert!(
        error.contains("allkeys-lru") && error.contains("noeviction"),
        "{error}"
    );
    let account = account(store, limits_of(100, 0)).build().unwrap();
    within(account.acquire(MODEL, 0)).await.unwrap().settle(0);
    let usage = account.limiter(MODEL).usage().store.unwrap();
    assert!(usage.may_evict);
}

/// A user without the necessary permissions gets an error. The call is repeated only now and then.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_permission_gets_an_error() {
    let server = RedisServer::start();
    let mut set_user = set_user();
    set_user.arg("~*").arg("+@all").arg("-hset").arg("-info");
    let _: String = server.run(&set_user);
    let url = format!("redis://fleet:secret@127.0.0.1:{}/", server.port());
    let store = connect(&url).await;
    // It may not ask for the policy.
    store.check().await.unwrap();
    let account = account(store, limits_of(100, 0)).build().unwrap();
    let limiter = account.limiter(MODEL);
    let result = limiter.acquire_timeout(0, 3 * SECOND).await;
    let Err(AcquireError::Store(error)) = result else {
        panic!("{result:?}");
    };
    println!("{error}");
    let failures = limiter.usage().store.unwrap().failures;
    assert!((2..30).contains(&failures), "{failures} calls");
    // The connection is kept.
    let info: String = server.run(cmd("INFO").arg("stats"));
    let connections = info.lines().find_map(|line| {
        let count = line.strip_prefix("total_connections_received:")?;
        count.parse::<u32>().ok()
    });
    assert!(connections < Some(12), "{connections:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_spreads_quotas_over_its_nodes() {
    let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    let nodes = [(); 3].map(|()| RedisServer::start_with(&options));
    let ranges = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];
    for (node, (first, last)) in nodes.iter().zip(ranges) {
        let mut add = cmd("CLUSTER");
        let _: String = node.run(add.arg("ADDSLOTSRANGE").arg(first).arg(last));
    }
    for node in &nodes[1..] {
        let mut meet = cmd("CLUSTER");
        meet.arg("MEET").arg("127.0.0.1").arg(nodes[0].port());
        let _: String = node.run(meet.arg(nodes[0].cluster_port()));
    }
    let is_ready = |node: &RedisServer| {
        let info: String = node.run(cmd("CLUSTER").arg("INFO"));
        info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
    };
    wait_until("the cluster forms", || nodes.iter().all(is_ready));

    let urls = nodes.iter().map(RedisServer::url).collect::<Vec<_>>();
    let urls = urls.iter().map(String::as_str).collect::<Vec<_>>();
    let store = RedisStore::connect_cluster(&urls, ACCOUNT).await.unwrap();
    let account = Account::<Model>::builder().store(store).build().unwrap();
    for model in Model::ALL.iter().take(12) {
        within(account.acquire(*model, 0)).await.unwrap().settle(0);
        // All keys of a quota are on one node, or the script could not use them.
        let chat = account.class("chat");
        within(chat.acquire(*model, 0)).await.unwrap().settle(0);
    }
    for node in &nodes {
        let keys: u64 = node.run(&cmd("DBSIZE"));
        assert!(keys > 0, "a node has no quota");
    }
}
