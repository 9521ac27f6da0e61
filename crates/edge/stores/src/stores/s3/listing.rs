//! A page of `ListObjectsV2`.

use percent_encoding::percent_decode_str;

/// One page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<Listed>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
}

/// One object.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) tag: String,
    pub(super) size: u64,
    pub(super) modified: String,
}

/// Reads a page. `None` where it is none.
pub(super) fn read(body: &[u8]) -> Option<Page> {
    let document = roxmltree::Document::parse(std::str::from_utf8(body).ok()?).ok()?;
    let root = document.root_element();
    if root.tag_name().name() != "ListBucketResult" {
        return None;
    }
    let text = |node: roxmltree::Node<'_, '_>, name: &str| {
        let child = node.children().find(|child| child.tag_name().name() == name)?;
        child.text().map(str::to_owned)
    };
    let encoded = text(root, "EncodingType").as_deref() == Some("url");
    let mut page = Page::default();
    for node in root.children().filter(|child| child.tag_name().name() == "Contents") {
        let name = text(node, "Key")?;
        // Spaces are written as `+` there.
        let name = match encoded {
            true => percent_decode_str(&name.replace('+', " ")).decode_utf8_lossy().into_owned(),
            false => name,
        };
        page.objects.push(Listed {
            name,
            tag: text(node, "ETag").unwrap_or_default(),
            size: text(node, "Size")?.trim().parse().ok()?,
            modified: text(node, "LastModified").unwrap_or_default(),
        });
    }
    if text(root, "IsTruncated").as_deref() == Some("true") {
        page.next = Some(text(root, "NextContinuationToken").filter(|token| !token.is_empty())?);
    }
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gives_its_objects_and_where_the_next_begins() {
        let page = r#"<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
            <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>t=</NextContinuationToken>
            <Contents><Key>a%2Fb+c%0A</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>3</Size></Contents>
            </ListBucketResult>"#;
        let page = read(page.as_bytes()).unwrap();
        assert_eq!(page.next.as_deref(), Some("t="));
        let modified = "2026-01-01T00:00:00.000Z".to_owned();
        assert_eq!(page.objects, [Listed { name: "a/b c\n".to_owned(), tag: "\"e\"".to_owned(), size: 3, modified }]);
    }

    #[test]
    fn a_page_that_breaks_off_is_none() {
        assert!(read(b"<Error><Code>NoSuchBucket</Code></Error>").is_none() && read(b"x").is_none());
        let endless = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>";
        assert!(read(endless.as_bytes()).is_none(), "more without saying where is not the end");
    }
}
