//! `system.grants`: what SHOW GRANTS shows, as far as the session may know. One row for a grantee and an object,
//! one for each role of a grantee.

use std::collections::BTreeMap;

use catalog::{GrantObject, Grantee, Privilege};

use super::roles::sees_all;
use crate::rows::Column;
use crate::session::Session;

struct Row {
    privileges: String,
    object_type: &'static str,
    object_name: String,
    grantee: Grantee,
    grants: String,
}

pub(super) fn columns(session: &Session) -> Vec<Column> {
    let rows = rows(session);
    vec![
        Column::text("privileges", rows.iter().map(|row| &row.privileges)),
        Column::text("object_type", rows.iter().map(|row| row.object_type)),
        Column::text("object_name", rows.iter().map(|row| &row.object_name)),
        Column::optional_text("object_id", rows.iter().map(|_| None::<&str>)),
        Column::text("grant_to", rows.iter().map(|row| row.grantee.kind())),
        Column::text("name", rows.iter().map(|row| row.grantee.name())),
        Column::text("grants", rows.iter().map(|row| &row.grants)),
    ]
}

fn rows(session: &Session) -> Vec<Row> {
    let authority = &session.authority;
    let grants = authority.grants();
    let sees_all = sees_all(session);
    let sees = |grantee: &Grantee, object: Option<&GrantObject>| {
        let is_own = match grantee {
            Grantee::User(_) => grantee == authority.user(),
            Grantee::Role(role) => authority.available_roles().contains(role),
        };
        let sees_object =
            object.is_some_and(|object| *object != GrantObject::Organization && authority.sees(object));
        sees_all || is_own || sees_object
    };

    let mut held: BTreeMap<(Grantee, GrantObject), Vec<Privilege>> = BTreeMap::new();
    for (grantee, object, privilege) in grants.all() {
        held.entry((grantee.clone(), object.clone())).or_default().push(privilege);
    }
    for (object, owner) in grants.owned() {
        held.entry((owner.clone(), object.clone())).or_default().push(Privilege::Ownership);
    }
    let mut rows: Vec<Row> = grants
        .memberships()
        .filter(|(grantee, _)| sees(grantee, None))
        .map(|(grantee, role)| Row {
            privileges: String::new(),
            object_type: "",
            object_name: String::new(),
            grantee: grantee.clone(),
            grants: format!("GRANT ROLE {role} TO {grantee}"),
        })
        .collect();
    for ((grantee, object), mut privileges) in held {
        if !sees(&grantee, Some(&object)) {
            continue;
        }
        privileges.sort();
        let is_all = object.all_privileges().len() > 1
            && object.all_privileges().iter().all(|privilege| privileges.contains(privilege));
        let mut listed: Vec<&str> = if is_all { vec!["ALL"] } else { Vec::new() };
        let told_by_all = |privilege: &Privilege| is_all && object.all_privileges().contains(privilege);
        listed.extend(
            privileges.iter().filter(|privilege| !told_by_all(privilege)).map(|privilege| privilege.as_str()),
        );
        let listed = listed.join(",");
        rows.push(Row {
            grants: format!("GRANT {listed} ON {object} TO {grantee}"),
            privileges: listed,
            object_type: object.kind(),
            object_name: object.name().to_owned(),
            grantee,
        });
    }
    rows.sort_by(|left, right| {
        (&left.grantee, left.object_type, &left.object_name, &left.grants).cmp(&(
            &right.grantee,
            right.object_type,
            &right.object_name,
            &right.grants,
        ))
    });
    rows
}
