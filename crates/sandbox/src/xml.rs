//! Writing the XML of IAM, STS and of error documents.

/// A document under construction; every text is escaped.
#[derive(Default)]
pub(crate) struct Xml {
    out: String,
}

impl Xml {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// `<name>text</name>`
    pub(crate) fn text(&mut self, name: &str, value: impl AsRef<str>) -> &mut Self {
        self.open(name);
        escape_into(&mut self.out, value.as_ref());
        self.close(name)
    }

    /// `<name>text</name>` when there is a text.
    pub(crate) fn optional(&mut self, name: &str, value: Option<impl AsRef<str>>) -> &mut Self {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    /// `<name>…</name>` around what `inner` writes.
    pub(crate) fn nested(&mut self, name: &str, inner: impl FnOnce(&mut Xml)) -> &mut Self {
        self.open(name);
        inner(self);
        self.close(name)
    }

    /// `<name><member>…</member>…</name>`: a list as the Query protocol writes it.
    pub(crate) fn members<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Xml, T),
    ) -> &mut Self {
        self.nested(name, |xml| {
            for item in items {
                xml.nested("member", |xml| each(xml, item));
            }
        })
    }

    /// A document that is XML already.
    pub(crate) fn raw(&mut self, document: String) {
        self.out.push_str(&document);
    }

    fn open(&mut self, name: &str) -> &mut Self {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
        self
    }

    fn close(&mut self, name: &str) -> &mut Self {
        // `<Name xmlns="…">` closes as `</Name>`
        let bare = name.split(' ').next().unwrap_or(name);
        self.out.push_str("</");
        self.out.push_str(bare);
        self.out.push('>');
        self
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }
}

fn escape_into(out: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            other if u32::from(other) < 0x20 && other != '\n' && other != '\t' => {
                out.push_str(&format!("&#x{:x};", u32::from(other)));
            }
            other => out.push(other),
        }
    }
}

/// The first `<name>…</name>` of a document, unescaped; for documents the sandbox or s3s wrote itself.
pub(crate) fn first_text(document: &str, name: &str) -> Option<String> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&#13;", "\r")
            .replace("&amp;", "&"),
    )
}
