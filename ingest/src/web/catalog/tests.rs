use proptest::prelude::*;
use rustc_hash::FxHashSet;

use super::*;
use crate::web::address;

fn chosen(wanted: &[&str]) -> Vec<&'static str> {
    let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    choose(&wanted).unwrap().into_iter().map(|guide| guide.id.as_str()).collect()
}

fn unknown(wanted: &str) -> UnknownGuide {
    choose(&[wanted.to_owned()]).unwrap_err()
}

#[test]
fn the_table_is_sound() {
    let rows: Vec<_> = csv::Reader::from_reader(TABLE.as_bytes()).into_records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), guides().len(), "a row cannot be read");
    assert!(rows.len() >= 120 && rows.iter().all(|row| row.len() == 10));
    assert!(guides().windows(2).all(|two| two[0].id < two[1].id), "sorted and unique");
    let mut prefixes = FxHashSet::default();
    for guide in guides() {
        let Guide { id, url, start, sitemap, toc, .. } = guide;
        let is_name = |name: &String| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        assert!(is_name(id) && guide.services.iter().all(is_name) && guide.names.iter().all(is_name), "{guide:?}");
        assert!(!guide.title.is_empty(), "{id}");
        assert_eq!(address::canonical(url.as_str(), None).as_ref(), Some(url), "{id} is not canonical");
        assert!(url.scheme() == "https" && url.path().ends_with('/') && url.path().len() > 1, "{url}");
        assert!(start.as_str().starts_with(url.as_str()), "{start}");
        let scope = address::Scope::new(vec![url.clone()], &[]).unwrap();
        assert!(scope.contains(start) && toc.iter().all(|toc| scope.contains(toc)), "{id}");
        assert!(sitemap.iter().all(|sitemap| sitemap.host_str() == url.host_str()), "{id}");
        assert!(prefixes.insert(url), "{url} is there twice");
        if url.host_str() == Some("docs.aws.amazon.com") {
            assert!(sitemap.is_some() && toc.is_some(), "{id}");
        }
    }
    for family in Family::ALL {
        assert!(guides().iter().any(|guide| guide.family == family), "no guide is of {family}");
        assert_eq!(family.as_str().parse(), Ok(family));
    }
    assert!(guides().iter().filter(|guide| guide.family == Family::Prescriptive).count() >= 8);
    assert_eq!(
        guide_of("s3-user-guide").map(|guide| guide.title.as_str()),
        Some("Amazon Simple Storage Service User Guide")
    );
    assert_eq!(guide_of("s3"), None);
    let llms_txt = |id| guide_of(id).and_then(Guide::llms_txt).map(String::from);
    let of_s3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/llms.txt";
    assert_eq!(llms_txt("s3-user-guide").as_deref(), Some(of_s3));
    assert_eq!(llms_txt("whats-new"), None);
}

#[test]
fn services_are_called_as_in_the_offline_table() {
    let offline = csv::Reader::from_reader(include_str!("../../source/aws_guides.csv").as_bytes());
    let offline: Vec<String> = offline.into_records().map(|row| row.unwrap()[2].to_owned()).collect();
    let offline: FxHashSet<&str> = offline.iter().flat_map(|services| services.split_whitespace()).collect();
    // The others are newer than that table, or no services.
    let shared = guides()
        .iter()
        .filter(|guide| guide.services.first().is_some_and(|service| offline.contains(service.as_str())))
        .count();
    assert!(shared >= 100, "only {shared}");
}

#[test]
fn by_service() {
    assert_eq!(chosen(&["rds"]), ["aurora-user-guide", "rds-user-guide"]);
    assert_eq!(chosen(&["aurora"]), ["aurora-user-guide"]);
    assert_eq!(chosen(&["K8s"]), ["eks-best-practices", "eks-user-guide"]);
    assert_eq!(chosen(&["alb"]), ["elb-application-guide"]);
    assert!(chosen(&["elb"]).len() >= 5);
    assert!(chosen(&["ec2"]).contains(&"ec2-user-guide") && !chosen(&["ec2"]).contains(&"transit-gateway-guide"));
    for name in ["step-functions", "StepFunctions", "AWS Step Functions", "step_functions", "sfn"] {
        assert_eq!(chosen(&[name]), ["step-functions-developer-guide"], "{name}");
    }
    assert_eq!(chosen(&["s3-user-guide", "amazon s3"]).first(), Some(&"s3-user-guide"));
}

#[test]
fn by_family() {
    assert_eq!(chosen(&["all"]).len(), guides().len());
    assert!(chosen(&["well-architected"]).contains(&"wa-security-pillar"));
    assert_eq!(chosen(&["prescriptive-guidance"]), chosen(&["prescriptive"]));
    assert_eq!(chosen(&["re:Post"]), ["repost-knowledge-center"]);
    assert_eq!(chosen(&["whats-new"]), ["whats-new"]);
    assert!(chosen(&[]).is_empty() && chosen(&[" "]).is_empty());
}

#[test]
fn by_address() {
    let docs = "https://docs.aws.amazon.com/";
    assert_eq!(chosen(&["https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#x"]), ["s3-user-guide"]);
    assert_eq!(chosen(&["http://docs.aws.amazon.com/de_de/AmazonS3/latest/userguide"]), ["s3-user-guide"]);
    assert_eq!(chosen(&["https://docs.aws.amazon.com/AmazonRDS/"]), ["aurora-user-guide", "rds-user-guide"]);
    assert!(chosen(&[docs]).len() > 150);
    assert_eq!(unknown("https://docs.aws.amazon.com/AmazonS").suggestions, Vec::<String>::new());
    assert!(choose(&["https://".to_owned()]).is_err());
}

#[test]
fn suggestions() {
    assert!(unknown("lamda").suggestions.contains(&"lambda".to_owned()));
    assert!(unknown("clowdwatch").suggestions.contains(&"cloudwatch".to_owned()));
    assert!(unknown("ec2-us").suggestions.contains(&"ec2-user-guide".to_owned()));
    assert_eq!(unknown("qqqqqqqq").suggestions, Vec::<String>::new());
    let error = UnknownGuide { wanted: "x".to_owned(), suggestions: vec!["a".to_owned(), "b".to_owned()] };
    assert_eq!(error.to_string(), "no guide is called `x` (did you mean `a`, or `b`?)");
    assert!(unknown(&"x".repeat(1_000_000)).wanted.len() <= 100);
}

proptest! {
    #[test]
    fn any_name(name in any::<String>()) {
        _ = choose(&[name]);
    }
}
