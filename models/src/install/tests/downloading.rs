//! Downloads that go wrong.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::server::{Answer, Server};
use super::{content, hash_of, network, quiet};
use crate::ModelError;
use crate::install::download::Downloads;
use crate::install::{Event, Network, Proxy};

#[test]
fn a_cut_connection_is_continued_where_it_was_cut() {
    let body = content(700_000);
    let served = body.clone();
    let server = Server::start(move |asked| {
        let answer = Answer::ranged(asked, &served).with("etag", "\"one\"");
        // Twice cut, the third time to the end.
        let cut = answer.body.len() > 200_000;
        Answer { cut_at: cut.then_some(250_000), ..answer }
    });
    let dir = tempfile::tempdir().unwrap();
    let downloads = Downloads::new(dir.path(), &network(&server)).unwrap();
    let mut positions = Vec::new();
    let sum = hash_of(&body);
    let file = downloads
        .fetch("f", &format!("{}/f", server.url), Some(&sum), &mut |event| {
            if let Event::Downloading { done, total, .. } = event {
                assert_eq!(total, Some(700_000));
                positions.push(done);
            }
        })
        .unwrap();
    assert_eq!(fs_err::read(&file.path).unwrap(), body);
    assert!(positions.is_sorted() && positions.last() == Some(&700_000), "{positions:?}");
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].header("range"), None);
    assert_eq!(asked[1].header("range"), Some("bytes=250000-"));
    assert_eq!(asked[1].header("if-range"), Some("\"one\""));
    assert_eq!(asked[2].header("range"), Some("bytes=500000-"));
}

#[test]
fn a_download_of_an_earlier_run_is_continued() {
    let body = content(10_000);
    let served = body.clone();
    let server = Server::start(move |asked| Answer::ranged(asked, &served));
    let dir = tempfile::tempdir().unwrap();
    let sum = hash_of(&body);
    fs_err::create_dir_all(dir.path().join("downloads")).unwrap();
    fs_err::write(dir.path().join(format!("downloads/{sum}.part")), &body[..4_000]).unwrap();
    let downloads = Downloads::new(dir.path(), &network(&server)).unwrap();
    let file = downloads.fetch("f", &format!("{}/f", server.url), Some(&sum), quiet()).unwrap();
    assert_eq!(fs_err::read(file.path).unwrap(), body);
    assert_eq!(server.asked()[0].header("range"), Some("bytes=4000-"));
    // What is whole is not asked for again.
    downloads.fetch("f", &format!("{}/f", server.url), Some(&sum), quiet()).unwrap();
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_part_of_something_else_costs_a_second_download_and_no_more() {
    for rubbish in [vec![b'x'; 4_000], vec![b'x'; 20_000]] {
        let body = content(10_000);
        let served = body.clone();
        let server = Server::start(move |asked| Answer::ranged(asked, &served));
        let dir = tempfile::tempdir().unwrap();
        let sum = hash_of(&body);
        fs_err::create_dir_all(dir.path().join("downloads")).unwrap();
        fs_err::write(dir.path().join(format!("downloads/{sum}.part")), rubbish).unwrap();
        let downloads = Downloads::new(dir.path(), &network(&server)).unwrap();
        let file = downloads.fetch("f", &format!("{}/f", server.url), Some(&sum), quiet()).unwrap();
        assert_eq!(fs_err::read(file.path).unwrap(), body);
        assert_eq!(server.asked().len(), 2);
    }
}

#[test]
fn a_server_that_ignores_ranges_starts_anew() {
    let body = content(100_000);
    let served = body.clone();
    let times = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let first = times.fetch_add(1, Ordering::Relaxed) == 0;
        Answer { cut_at: first.then_some(60_000), ..Answer::ok(served.clone()) }
    });
    let dir = tempfile::tempdir().unwrap();
    let downloads = Downloads::new(dir.path(), &network(&server)).unwrap();
    let sum = hash_of(&body);
    let file = downloads.fetch("f", &format!("{}/f", server.url), Some(&sum), quiet()).unwrap();
    assert_eq!(fs_err::read(file.path).unwrap(), body);
    assert!(server.asked()[1].header("range").is_some(), "it was asked for the rest");
}

#[test]
fn a_server_that_always_starts_anew_and_never_ends_is_given_up() {
    let body = content(100_000);
    let served = body.clone();
    let server = Server::start(move |_| Answer { cut_at: Some(60_000), ..Answer::ok(served.clone()) });
    let dir = tempfile::tempdir().unwrap();
    let downloads = Downloads::new(dir.path(), &network(&server)).unwrap();
    let sum = hash_of(&body);
    let error = downloads.fetch("f", &format!("{}/f", server.url), Some(&sum), quiet()).unwrap_err();
    assert!(error.to_string().contains("tried 5 times"), "{error}");
    assert_eq!(server.asked().len(), 5);
}

#[test]
fn a_redirect_from_http_to_http_is_followed() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/old" => Answer::status(302).with("location", "/new"),
        _ => Answer::ok("body"),
    });
    let dir = tempfile::tempdir().unwrap();
    let downloads = Downloads::new(dir.path(), &network(&server)).unwrap();
    let file = downloads.fetch("f", &format!("{}/old", server.url), None, quiet()).unwrap();
    assert_eq!(fs_err::read(file.path).unwrap(), b"body");
}

#[test]
fn what_has_another_checksum_is_refused_and_not_kept() {
    let server = Server::start(|_| Answer::ok("evil"));
    let dir = tempfile::tempdir().unwrap();
    let downloads = Downloads::new(dir.path(), &network(&server)).unwrap();
    let sum = hash_of(b"good");
    let error = downloads.fetch("f", &format!("{}/f", server.url), Some(&sum), quiet()).unwrap_err();
    assert!(matches!(&error, ModelError::Checksum { expected, .. } if *expected == sum), "{error}");
    assert_eq!(fs_err::read_dir(dir.path().join("downloads")).unwrap().count(), 0);
    assert_eq!(server.asked().len(), 1, "asking again would not help");
}

#[test]
fn a_busy_server_is_asked_again_and_one_without_the_file_is_not() {
    let times = AtomicUsize::new(0);
    let server = Server::start(move |asked| match (asked.target.as_str(), times.fetch_add(1, Ordering::Relaxed)) {
        ("/gone", _) => Answer::status(404),
        (_, 0) => Answer::status(503),
        (_, 1) => Answer::status(429).with("retry-after", "0"),
        _ => Answer::ok("body"),
    });
    let dir = tempfile::tempdir().unwrap();
    let downloads = Downloads::new(dir.path(), &network(&server)).unwrap();
    let file = downloads.fetch("f", &format!("{}/f", server.url), None, quiet()).unwrap();
    assert_eq!(fs_err::read(file.path).unwrap(), b"body");
    assert_eq!(server.count("GET", "/f"), 3);
    let error = downloads.fetch("g", &format!("{}/gone", server.url), None, quiet()).unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
    assert_eq!(server.count("GET", "/gone"), 1);
}

#[test]
fn a_server_that_stays_busy_is_given_up() {
    let server = Server::start(|_| Answer::status(503));
    let dir = tempfile::tempdir().unwrap();
    let downloads = Downloads::new(dir.path(), &network(&server)).unwrap();
    let error = downloads.fetch("f", &format!("{}/f", server.url), None, quiet()).unwrap_err();
    assert!(error.to_string().contains("503") && error.to_string().contains("tried 5 times"), "{error}");
}

#[test]
fn nothing_is_asked_offline() {
    let server = Server::start(|_| Answer::ok("body"));
    let dir = tempfile::tempdir().unwrap();
    let network = Network { offline: true, ..network(&server) };
    let downloads = Downloads::new(dir.path(), &network).unwrap();
    let error = downloads.fetch("f", &format!("{}/f", server.url), None, quiet()).unwrap_err();
    assert!(matches!(error, ModelError::Offline(_)), "{error}");
    assert!(server.asked().is_empty());
}

#[test]
fn requests_go_through_the_proxy() {
    let server = Server::start(|_| Answer::ok("from the proxy"));
    let dir = tempfile::tempdir().unwrap();
    let network = Network { proxy: Proxy::Url(server.url.clone()), ..network(&server) };
    let downloads = Downloads::new(dir.path(), &network).unwrap();
    // A name that nothing but the proxy could resolve.
    let file = downloads.fetch("f", "http://models.invalid/f", None, quiet()).unwrap();
    assert_eq!(fs_err::read(file.path).unwrap(), b"from the proxy");
    assert_eq!(server.asked()[0].method, "CONNECT");
    assert_eq!(server.asked()[0].target, "models.invalid:80");
}
