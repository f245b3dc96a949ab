//! What is found in the environment. Each case runs in a process of its own, for the environment belongs to all of it.

use std::path::Path;
use std::process::Command;

use cloudops_indexes::embed::Embedder;

use super::stand_in::StandIn;
use super::*;

/// Set in the process that a case runs in.
const CHILD: &str = "CLOUDOPS_BEDROCK_TEST_CHILD";

/// Runs [`child`] with these variables and no others. Returns what it said.
fn ask(home: &Path, variables: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "bedrock::tests::environment::child", "--nocapture"])
        .env_clear()
        .envs([(CHILD, "1"), ("HOME", home.to_str().unwrap()), ("AWS_EC2_METADATA_DISABLED", "true")])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Asks one question as the environment says. Passes at once where nobody asked for it.
#[test]
#[expect(clippy::disallowed_methods, reason = "the environment is what is tested")]
#[expect(clippy::disallowed_macros, reason = "a process that was started for this says what came of it")]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let model = Model::new(TITAN, Some(256)).unwrap();
    let options = Options { price: model.price(), model, access: Access::default(), limits: LIMITS, max_usd: 1.0 };
    match alone(options).unwrap().embed_queries(&["why?"]) {
        Ok(vectors) => println!("{} vectors", vectors.len()),
        Err(error) => println!("{error}"),
    }
}

#[test]
fn the_profile_and_the_endpoint_of_the_environment_are_used() {
    let server = StandIn::willing();
    let home = tempfile::tempdir().unwrap();
    let aws = home.path().join(".aws");
    fs_err::create_dir_all(&aws).unwrap();
    let config = "[default]\nregion = us-west-2\n[profile other]\nregion = eu-central-1\n";
    fs_err::write(aws.join("config"), config).unwrap();
    let keys = |key: &str| format!("aws_access_key_id = {key}\naws_secret_access_key = secret\n");
    let credentials = format!("[default]\n{}[other]\n{}", keys("AKIDDEFAULT"), keys("AKIDOTHER"));
    fs_err::write(aws.join("credentials"), credentials).unwrap();

    let endpoint = ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url());
    let general = ("AWS_ENDPOINT_URL", server.url());
    let said = ask(home.path(), &[(endpoint.0, &endpoint.1), ("AWS_PROFILE", "other")]);
    assert!(said.contains("1 vectors"), "{said}");
    let said = ask(home.path(), &[(general.0, &general.1)]);
    assert!(said.contains("1 vectors"), "{said}");
    let signed: Vec<_> =
        server.requests().iter().map(|request| request.header("authorization").unwrap().to_owned()).collect();
    assert!(signed[0].contains("=AKIDOTHER/") && signed[0].contains("/eu-central-1/bedrock/"), "{}", signed[0]);
    assert!(signed[1].contains("=AKIDDEFAULT/") && signed[1].contains("/us-west-2/bedrock/"), "{}", signed[1]);
}

#[test]
fn an_api_key_of_bedrock_is_used() {
    let server = StandIn::willing();
    let home = tempfile::tempdir().unwrap();
    let variables = [
        ("AWS_ENDPOINT_URL", server.url()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_BEARER_TOKEN_BEDROCK", "a-key-of-bedrock".to_owned()),
    ];
    let said = ask(home.path(), &variables.each_ref().map(|(name, value)| (*name, value.as_str())));
    assert!(said.contains("1 vectors"), "{said}");
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer a-key-of-bedrock"));
}

#[test]
fn no_credentials_and_no_region_are_said_with_what_to_do() {
    let server = StandIn::willing();
    let home = tempfile::tempdir().unwrap();
    let url = server.url();
    let said = ask(home.path(), &[("AWS_ENDPOINT_URL", &url), ("AWS_REGION", "us-east-1")]);
    assert!(said.contains("no AWS credentials were found") && said.contains("aws sso login"), "{said}");
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let said = ask(home.path(), &keys);
    assert!(said.contains("no AWS region is configured") && said.contains("AWS_REGION"), "{said}");
    assert!(server.requests().is_empty());
}
