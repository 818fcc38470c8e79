//! Puts the query of a view in the place of its name.
//!
//! INVARIANT: a view lends nothing. Its locations are opened for the session that reads it, as if they stood
//! in the statement: whoever may not read a stage reads no view over it either, and nobody's rights but the
//! reader's count, the creator's included.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::Schema;
use catalog::{GrantObject, Privilege, ViewColumn};
use datafusion::sql::sqlparser::ast::{
    Ident, ObjectName, ObjectNamePart, Query, Statement, TableAlias, TableAliasColumnDef, TableFactor, Visit,
    VisitMut, Visitor, VisitorMut, visit_relations,
};

use super::columns_used::find_columns;
use super::dialect::{Headings, name_columns};
use crate::session::Session;
use crate::stage::{ColumnUse, sql_type};
use crate::{Error, ErrorKind};

/// The database that has the organization's views.
pub(crate) const VIEWS_DATABASE: &str = "default";

/// Views in one statement, those that views name counted each time.
const VIEWS_MAX: usize = 64;

/// A query with its views in place.
pub(super) struct Expanded {
    pub(super) body: Statement,
    pub(super) sources: Vec<Source>,
    pub(super) headings: Headings,
}

/// A location, and the query that it stands in.
pub(super) struct Source {
    pub(super) table: sql::LocationTable,
    pub(super) used: ColumnUse,
    /// The view whose query it stands in; `None` for the statement itself.
    pub(super) view: Option<Arc<catalog::View>>,
}

/// Puts views in the place of their names. `making` is the view that the query is to become.
pub(super) async fn expand_views(
    session: &Session,
    query: sql::Query,
    making: Option<&str>,
) -> Result<Expanded, Error> {
    let sql::Query { mut body, locations, .. } = query;
    let headings = name_columns(&mut body);
    let used = find_columns(&mut body);
    let mut pass = Pass {
        database: session.state.database.clone(),
        views: HashMap::new(),
        sources: Vec::new(),
        expanded: 0,
        path: making.map(str::to_owned).into_iter().collect(),
    };
    let names: HashSet<String> = locations.iter().map(|location| location.name.clone()).collect();
    let plain = |table| Source { table, used: used.clone(), view: None };
    pass.sources.extend(locations.into_iter().map(plain));
    if names_a_view(session, &body, &names) {
        let views = session.engine.catalog().views(&session.identity.organization).await?;
        pass.views = views.into_iter().map(|view| (view.name.clone(), Arc::new(view))).collect();
        if let Some(making) = making {
            pass.views.entry(making.to_owned()).or_insert_with(|| Arc::new(unmade(making)));
        }
        pass.expand(&mut body, &names, None)?;
    }
    Ok(Expanded { body, sources: pass.sources, headings })
}

/// A view that is not there yet, and so cannot be read by its own query.
fn unmade(name: &str) -> catalog::View {
    catalog::View {
        name: name.to_owned(),
        query: String::new(),
        column_names: Vec::new(),
        columns: Vec::new(),
        creator: String::new(),
        created_on: std::time::UNIX_EPOCH,
    }
}

/// The columns of a view to make, out of those of its query.
pub(super) fn view_columns(
    view: &str,
    schema: &Schema,
    column_names: &[String],
) -> Result<Vec<ViewColumn>, Error> {
    let fields = schema.fields();
    if !column_names.is_empty() && column_names.len() != fields.len() {
        return Err(Error::new(
            ErrorKind::Semantic,
            format!("view `{view}` names {} columns, and its query has {}", column_names.len(), fields.len()),
        ));
    }
    let names = fields.iter().enumerate().map(|(at, field)| column_names.get(at).unwrap_or(field.name()));
    let mut seen = BTreeSet::new();
    names
        .zip(fields)
        .map(|(name, field)| {
            if !seen.insert(name.to_lowercase()) {
                return Err(Error::new(
                    ErrorKind::Semantic,
                    format!("view `{view}` has two columns named `{name}`"),
                )
                .with_hint(format!("give them names: `CREATE VIEW {view} (a, b, …) AS …`")));
            }
            Ok(ViewColumn { name: name.clone(), data_type: sql_type(field), nullable: field.is_nullable() })
        })
        .collect()
}

/// The views that the session may know of, by name.
pub(crate) async fn visible_views(session: &Session) -> Result<Vec<catalog::View>, Error> {
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    let views = catalog.views(organization).await?;
    if views.is_empty() {
        return Ok(views);
    }
    let stages = catalog.stages(organization).await?.into_iter().map(|stage| stage.name).collect();
    let by_name = views.iter().map(|view| (view.name.clone(), view)).collect();
    let sight = Sight { session, stages, views: by_name };
    let visible: Vec<bool> = views.iter().map(|view| sight.sees(view, VIEWS_MAX)).collect();
    Ok(views.into_iter().zip(visible).filter_map(|(view, visible)| visible.then_some(view)).collect())
}

/// What the session may know of a view by.
struct Sight<'a> {
    session: &'a Session,
    stages: HashSet<String>,
    views: HashMap<String, &'a catalog::View>,
}

impl Sight<'_> {
    /// Whether the session owns a view, or may read all that it is made of.
    fn sees(&self, view: &catalog::View, depth: usize) -> bool {
        if self.session.holds(Privilege::Ownership, &GrantObject::View(view.name.clone())) {
            return true;
        }
        let Ok(query) = query_of(view) else { return false };
        let mut inner = Vec::new();
        let _: ControlFlow<()> = visit_relations(&query.body, |relation| {
            let name = view_name(VIEWS_DATABASE, relation);
            inner.extend(name.and_then(|name| self.views.get(&name)).copied());
            ControlFlow::Continue(())
        });
        query.locations.iter().all(|location| self.reads(location))
            && inner.into_iter().all(|view| depth > 0 && self.sees(view, depth - 1))
    }

    fn reads(&self, location: &sql::LocationTable) -> bool {
        match &location.location {
            sql::Location::Stage { stage, .. } => {
                let lower = stage.to_lowercase();
                let found = [stage, &lower].into_iter().find(|name| self.stages.contains(*name));
                found.is_some_and(|name| {
                    self.session.holds(Privilege::Read, &GrantObject::Stage(name.clone()))
                })
            }
            sql::Location::Uri(_) => {
                let named = location.options.connection.as_ref().and_then(|c| c.get("connection_name"));
                named.is_none_or(|name| self.session.sees_connection(name))
            }
            sql::Location::User { .. } => false,
        }
    }
}

fn query_of(view: &catalog::View) -> Result<sql::Query, Error> {
    match sql::parse(&view.query) {
        Ok(sql::Statement::Query(query)) => Ok(query),
        _ => {
            Err(Error::new(ErrorKind::Internal, format!("the query of view `{}` cannot be read", view.name))
                .with_hint("make it anew with CREATE OR REPLACE VIEW"))
        }
    }
}

/// Whether a table is named that may be a view: the catalog is asked for no other statement.
fn names_a_view(session: &Session, body: &Statement, locations: &HashSet<String>) -> bool {
    struct Tables<'a>(&'a str, &'a HashSet<String>);
    impl Visitor for Tables<'_> {
        type Break = ();

        fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
            match view_name(self.0, relation) {
                Some(name) if !self.1.contains(&name) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    body.visit(&mut Tables(&session.state.database, locations)).is_break()
}

/// The name in the database of views that a table's name stands for.
fn view_name(database: &str, relation: &ObjectName) -> Option<String> {
    let folded = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(name) if name.quote_style.is_some() => Some(name.value.clone()),
        ObjectNamePart::Identifier(name) => Some(name.value.to_lowercase()),
        ObjectNamePart::Function(_) => None,
    };
    let parts: Option<Vec<String>> = relation.0.iter().map(folded).collect();
    match parts?.as_slice() {
        [name] if database == VIEWS_DATABASE => Some(name.clone()),
        [.., database, name] if database == VIEWS_DATABASE => Some(name.clone()),
        _ => None,
    }
}

struct Pass {
    database: String,
    views: HashMap<String, Arc<catalog::View>>,
    sources: Vec<Source>,
    expanded: usize,
    /// The views that lead to the query at hand, outermost first.
    path: Vec<String>,
}

impl Pass {
    /// Expands the views that one query names. `locations` are its generated names, `view` is whose it is.
    fn expand(
        &mut self,
        body: &mut Statement,
        locations: &HashSet<String>,
        view: Option<&str>,
    ) -> Result<(), Error> {
        // Inside of a view names are those of the database of views, whoever reads it from where.
        let database = if view.is_some() { VIEWS_DATABASE.to_owned() } else { self.database.clone() };
        let mut walk = Walk { pass: self, database, locations, in_view: view.is_some(), frames: Vec::new() };
        match VisitMut::visit(body, &mut walk) {
            ControlFlow::Break(error) => Err(error),
            ControlFlow::Continue(()) => Ok(()),
        }
    }

    fn subquery(&mut self, view: &Arc<catalog::View>) -> Result<Box<Query>, Error> {
        if self.path.contains(&view.name) {
            let path = self.path.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
            return Err(Error::new(
                ErrorKind::Semantic,
                format!("view `{}` would read itself: {path} → `{}`", view.name, view.name),
            )
            .with_hint("views may not name each other in a circle"));
        }
        self.expanded += 1;
        if self.expanded > VIEWS_MAX {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("a statement reads at most {VIEWS_MAX} views, those inside of views counted too"),
            ));
        }
        let sql::Query { mut body, locations, .. } = query_of(view)?;
        name_columns(&mut body);
        let used = find_columns(&mut body);
        let prefix = format!("view:{}:", self.expanded);
        let old: HashSet<String> = locations.iter().map(|location| location.name.clone()).collect();
        let _ = VisitMut::visit(&mut body, &mut Rename { names: &old, prefix: &prefix });
        let mut names = HashSet::new();
        for mut table in locations {
            table.name = format!("{prefix}{}", table.name);
            names.insert(table.name.clone());
            self.sources.push(Source { table, used: used.clone(), view: Some(view.clone()) });
        }
        self.path.push(view.name.clone());
        let expanded = self.expand(&mut body, &names, Some(&view.name));
        self.path.pop();
        expanded?;
        match body {
            Statement::Query(query) => Ok(query),
            _ => Err(Error::new(ErrorKind::Internal, format!("view `{}` is no query", view.name))),
        }
    }
}

/// The names that WITH gives inside one query.
#[derive(Default)]
struct Frame {
    known: HashSet<String>,
    /// Those whose queries are still to come: the queries of WITH are walked first, in their order.
    coming: std::collections::VecDeque<String>,
}

struct Walk<'a> {
    pass: &'a mut Pass,
    database: String,
    locations: &'a HashSet<String>,
    in_view: bool,
    frames: Vec<Frame>,
}

impl VisitorMut for Walk<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let mut frame = Frame::default();
        if let Some(with) = &query.with {
            let names = with.cte_tables.iter().map(|table| folded(&table.alias.name));
            if with.recursive {
                frame.known.extend(names.clone());
            }
            frame.coming.extend(names);
        }
        self.frames.push(frame);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.frames.pop();
        if let Some(frame) = self.frames.last_mut()
            && let Some(name) = frame.coming.pop_front()
        {
            frame.known.insert(name);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        let TableFactor::Table { name, alias, args: None, .. } = factor else {
            return ControlFlow::Continue(());
        };
        if let [ObjectNamePart::Identifier(only)] = name.0.as_slice() {
            let only = folded(only);
            if self.locations.contains(&only) || self.frames.iter().any(|frame| frame.known.contains(&only)) {
                return ControlFlow::Continue(());
            }
        }
        let found = view_name(&self.database, name).and_then(|name| self.pass.views.get(&name).cloned());
        let Some(view) = found else {
            if self.in_view
                && let [ObjectNamePart::Identifier(only)] = name.0.as_slice()
            {
                // No WITH of the statement that reads the view can come between.
                *name = ObjectName::from(vec![Ident::with_quote('"', VIEWS_DATABASE), only.clone()]);
            }
            return ControlFlow::Continue(());
        };
        let subquery = match self.pass.subquery(&view) {
            Ok(subquery) => subquery,
            Err(error) => return ControlFlow::Break(error),
        };
        let mut alias = alias.take().unwrap_or_else(|| TableAlias {
            explicit: true,
            name: Ident::with_quote('"', &view.name),
            columns: Vec::new(),
            at: None,
        });
        if alias.columns.is_empty() {
            let column =
                |name: &String| TableAliasColumnDef { name: Ident::with_quote('"', name), data_type: None };
            alias.columns = view.column_names.iter().map(column).collect();
        }
        *factor = TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None };
        ControlFlow::Continue(())
    }
}

fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

struct Rename<'a> {
    names: &'a HashSet<String>,
    prefix: &'a str,
}

impl VisitorMut for Rename<'_> {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if let [ObjectNamePart::Identifier(name)] = relation.0.as_mut_slice()
            && self.names.contains(&name.value)
        {
            name.value = format!("{}{}", self.prefix, name.value);
        }
        ControlFlow::Continue(())
    }
}
