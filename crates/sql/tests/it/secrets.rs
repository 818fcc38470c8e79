//! Secrets show nowhere: not in masked text, messages, hints, excerpts or `Debug`.

use sql::{parse, redact};

/// The secret in every text below.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// Right and wrong statements with the secret in them.
const TEXTS: &[&str] = &[
    "CREATE CONNECTION c STORAGE_TYPE = 's3' ACCESS_KEY_ID = 'AKIA' SECRET_ACCESS_KEY = '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' aws_secret_key='{}', REGION = 'x'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' AWS_TOKEN = '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SESSION_TOKEN = '{}' MASTER_KEY = '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 'azblob' ACCOUNT_KEY = '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 'gcs' CREDENTIAL = '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 'oss' ACCESS_KEY_SECRET = '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' \"secret_access_key\" = '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = $${}$$",
    // Slips of the key, the value, the quotes.
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCES_KEY = '{}' oops oops",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SEKRET_AXES_KEY = '{}' 1",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' KEY = '{}' 1",
    "CREATE CONECTION c STORAGE_TYPE = 's3' KEY = '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = {}",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY => '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY: '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = \"{}\"",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = `{}`",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = '{}",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = {}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = 'a'{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = 'a' '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' REGION = 'eu-west-1 SECRET_ACCESS_KEY = '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3'' SECRET_ACCESS_KEY = '{}' REGION = 'x'",
    "CREATE CONNECTION c STORAGE_TYPE = s3' SECRET_ACCESS_KEY = '{}'",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' /* why */ SECRET_ACCESS_KEY /* not */ = /* so */ '{}' x",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' -- SECRET_ACCESS_KEY = '{}'\n",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' /* SECRET_ACCESS_KEY = '{}' */ x",
    "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = '\\u12{}'",
    // Stages and locations.
    "CREATE STAGE s URL = 's3://b/' CONNECTION = (SECRET_ACCESS_KEY = '{}')",
    "CREATE STAGE s URL = 's3://AKIA:{}@b/'",
    "CREATE STAGE s URL = 's3://b/' CREDENTIALS = (AWS_SECRET_KEY = '{}')",
    "ALTER STAGE s SET URL = 's3://b/' CONNECTION = (SESSION_TOKEN = '{}')",
    "ALTER CONNECTION c SET SECRET_ACCESS_KEY = '{}'",
    "COPY INTO t FROM 's3://b/p' CONNECTION = (SECRET_ACCESS_KEY = '{}')",
    "SELECT * FROM 's3://b/p' (CONNECTION => (ACCESS_KEY_ID = 'a' SECRET_ACCESS_KEY = '{}'))",
    "SELECT * FROM 's3://b/p' (CONNECTION => (SECRET_ACCESS_KEY => '{}'))",
    "SELECT * FROM 's3://b/p' (CONNECTION => (XYZ = '{}'))",
    "SELECT * FROM 'https://h/x.csv?X-Amz-Signature={}'",
    "SELECT * FROM 'https://h/x.csv?X-Amz-Security-Token={}&a=b' (nonsense)",
    "SELECT * FROM infer_schema(location => 's3://b', secret_access_key => '{}')",
    // Users.
    "CREATE USER u IDENTIFIED BY '{}'",
    "CREATE USER u IDENTIFIED WITH sha256_password BY '{}' WITH DEFAULT_ROLE = 'r'",
    "CREATE USER u IDENTIFIED WITH sha256_password BY '{}' WIHT DEFAULT_ROLE = 'r'",
    "CREATE USER u IDENTIFIED '{}'",
    "CREATE USER u IDENTIFIED BY {}",
    "CREATE USER u IDENTIFIED BY \"{}\"",
    "CREATE USER u IDENTIFIED BY = '{}'",
    "CREATE USER u IDENTIFIED BY '{}",
    "CREATE USER u IDENTIFIED BY 'a'{}'",
    "CREATE USER 'u IDENTIFIED BY '{}'",
    "CREATE USER u IDENTIFED BY '{}'",
    "CREAT USER u IDENTIFIED BY '{}'",
    "ALTER USER u IDENTIFIED BY '{}'",
    "ALTER USER USER() IDENTIFIED BY '{}' x",
    "CREATE USER u PASSWORD = '{}'",
    "CREATE USER u WITH PASSWORD '{}'",
    "SET a = 1; CREATE USER u IDENTIFIED BY '{}'",
    // Statements inside of others.
    "EXECUTE IMMEDIATE $$ CREATE USER u IDENTIFIED BY '{}' $$",
    "EXECUTE IMMEDIATE 'CREATE CONNECTION c STORAGE_TYPE = ''s3'' SECRET_ACCESS_KEY = ''{}'''",
    "SETTINGS (a = 1) CREATE USER u IDENTIFIED BY '{}'",
    "EXPLAIN CREATE USER u IDENTIFIED BY '{}'",
];

#[test]
fn secrets_show_nowhere() {
    for template in TEXTS {
        let text = template.replace("{}", SECRET);
        assert_hidden(&redact(&text), &text);
        match parse(&text) {
            Ok(statement) => {
                assert_hidden(&statement.redacted(), &text);
                if !text.starts_with("SELECT") {
                    assert_hidden(&format!("{statement:?}"), &text);
                }
            }
            Err(error) => {
                assert_hidden(&error.message, &text);
                assert_hidden(&error.to_string(), &text);
                assert_hidden(error.hint.as_deref().unwrap_or_default(), &text);
                assert_hidden(&error.excerpt(&text), &text);
            }
        }
    }
}

/// Not even half of the secret is to be seen.
fn assert_hidden(shown: &str, text: &str) {
    for part in [&SECRET[..12], &SECRET[12..28], &SECRET[28..]] {
        assert!(!shown.contains(part), "{text}\n{shown}");
    }
}

#[test]
fn masking_keeps_the_rest() {
    for (text, masked) in [
        (
            "CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = 'arn:aws:iam::1:role/r' EXTERNAL_ID = 'x'",
            "CREATE CONNECTION c STORAGE_TYPE = 's3' ROLE_ARN = 'arn:aws:iam::1:role/r' EXTERNAL_ID = 'x'",
        ),
        (
            "create connection c storage_type='s3' access_key_id='AKIA' secret_access_key='abc' region='eu'",
            "create connection c storage_type='s3' access_key_id='AKIA' secret_access_key='***' region='eu'",
        ),
        (
            "CREATE STAGE s URL = 's3://b/' CONNECTION = (SECRET_ACCESS_KEY = 'a''b\\'c') FILE_FORMAT = (TYPE = CSV QUOTE = '\"') COMMENT = 'mine'",
            "CREATE STAGE s URL = 's3://b/' CONNECTION = (SECRET_ACCESS_KEY = '***') FILE_FORMAT = (TYPE = CSV QUOTE = '\"') COMMENT = 'mine'",
        ),
        (
            "CREATE USER u IDENTIFIED BY 'x' WITH DEFAULT_ROLE = 'r'",
            "CREATE USER u IDENTIFIED BY '***' WITH DEFAULT_ROLE = 'r'",
        ),
        (
            "SELECT 's3://b/x', a FROM t WHERE k = 'v' AND password = 'p' AND b = 1",
            "SELECT 's3://b/x', a FROM t WHERE k = 'v' AND password = '***' AND b = 1",
        ),
        ("SELECT * FROM 'https://u:p@h/x?sig=abc&page=2'", "SELECT * FROM 'https://***@h/x?sig=***&page=2'"),
        ("SELECT it''s not a statement", "SELECT it''s not a statement"),
        ("", ""),
    ] {
        assert_eq!(redact(text), masked);
    }
}

#[test]
fn excerpts_point_behind_a_masked_value() {
    let text =
        "CREATE CONNECTION c STORAGE_TYPE = 's3' SECRET_ACCESS_KEY = 'a long secret value', REGION = eu";
    let error = parse(text).unwrap_err();
    let excerpt = error.excerpt(text);
    let (line, carets) = excerpt.split_once('\n').unwrap();
    assert_eq!(line.find("eu").unwrap(), carets.find('^').unwrap(), "{excerpt}");
    assert!(!excerpt.contains("secret value"), "{excerpt}");
    assert_eq!((error.line, error.column), (1, text.find("eu").unwrap() + 1));
}
