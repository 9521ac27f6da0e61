//! Rows to Parquet and back. The only place that knows Arrow.
//!
//! Types are those that every engine reads: text, 64-bit signed numbers, UTC microseconds, bytes.

use crate::Cell;
use crate::row::Row;
use arrow_array::builder::{BinaryBuilder, Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use firebreak_model::{EventUid, NodeKey, Outcome, Text, Time};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Rows in one row group: enough to compress well, few enough to hold in memory.
const GROUP_ROWS: usize = 65_536;

/// Columns of text: name, whether it may be absent, and what a row has there.
type TextColumn = (&'static str, bool, fn(&Row) -> Option<std::borrow::Cow<'_, str>>);

fn key(key: &Option<NodeKey>) -> Option<std::borrow::Cow<'_, str>> {
    key.as_ref().map(|key| key.as_str().into())
}

const TEXTS: [TextColumn; 14] = [
    ("uid", false, |row| Some(row.uid.to_string().into())),
    ("source", false, |row| Some(row.source.as_str().into())),
    ("native_id", false, |row| Some(row.native_id.as_str().into())),
    ("actor", true, |row| key(&row.actor)),
    ("credential", true, |row| key(&row.credential)),
    ("address", true, |row| row.address.as_deref().map(Into::into)),
    ("user_agent", true, |row| row.user_agent.as_deref().map(Into::into)),
    ("operation", false, |row| Some(row.operation.as_str().into())),
    ("target", true, |row| key(&row.target)),
    ("outcome", false, |row| Some(outcome_word(row.outcome).into())),
    ("environment", true, |row| key(&row.environment)),
    ("minted", true, |row| key(&row.minted)),
    ("session", true, |row| row.session.as_deref().map(Into::into)),
    ("ocsf", false, |row| Some(row.ocsf.as_str().into())),
];

/// The bytes of a Parquet file with these rows.
pub(crate) fn encode(rows: &[&Row]) -> Result<Vec<u8>, ParquetError> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    let mut add = |name: &str, nullable: bool, column: ArrayRef| {
        fields.push(Field::new(name, column.data_type().clone(), nullable));
        columns.push(column);
    };
    for (name, nullable, value) in TEXTS {
        let mut column = StringBuilder::new();
        rows.iter().for_each(|row| column.append_option(value(row)));
        add(name, nullable, Arc::new(column.finish()));
    }
    let mut times = TimestampMicrosecondBuilder::new();
    let (mut classes, mut raw) = (Int32Builder::new(), BinaryBuilder::new());
    let (mut bytes, mut records) = (Int64Builder::new(), Int64Builder::new());
    let signed = |number: Option<u64>| number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    for row in rows {
        times.append_value(row.time.0);
        classes.append_value(i32::try_from(row.class_uid).unwrap_or(i32::MAX));
        bytes.append_option(signed(row.bytes));
        records.append_option(signed(row.records));
        raw.append_value(&row.raw);
    }
    let times = times.with_timezone("UTC").finish();
    add("time", false, Arc::new(times));
    add("class_uid", false, Arc::new(classes.finish()));
    add("bytes", true, Arc::new(bytes.finish()));
    add("records", true, Arc::new(records.finish()));
    add("raw", false, Arc::new(raw.finish()));
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    writer.write(&batch)?;
    writer.into_inner()
}

/// The rows of a Parquet file.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<Vec<Row>, String> {
    let said = |error: ParquetError| error.to_string();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).map_err(said)?;
    let mut rows = Vec::new();
    for batch in reader.build().map_err(said)? {
        let batch = batch.map_err(|error| error.to_string())?;
        let columns = Columns { batch: &batch };
        for at in 0..batch.num_rows() {
            rows.push(columns.row(at)?);
        }
    }
    Ok(rows)
}

/// Rows that are looked at together.
const LOOKED_ROWS: usize = 4_096;

/// Shows `each` the named columns of every row of a Parquet file, in their order, until it breaks; gives how many it saw.
pub(crate) fn look(
    bytes: Vec<u8>,
    names: &[&str],
    each: &mut dyn FnMut(&[Cell<'_>]) -> ControlFlow<()>,
) -> Result<(u64, ControlFlow<()>), String> {
    let said = |error: ParquetError| error.to_string();
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).map_err(said)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(LOOKED_ROWS).build().map_err(said)?;
    let mut seen = 0;
    for batch in reader {
        let batch = batch.map_err(|error| error.to_string())?;
        let columns = names.iter().map(|name| {
            let column = batch.column_by_name(name).ok_or_else(|| format!("it has no column `{name}`"))?;
            Seen::of(column).ok_or_else(|| format!("its column `{name}` is {}", column.data_type()))
        });
        let columns = columns.collect::<Result<Vec<Seen<'_>>, String>>()?;
        let mut row = Vec::with_capacity(columns.len());
        for at in 0..batch.num_rows() {
            seen += 1;
            row.clear();
            row.extend(columns.iter().map(|column| column.cell(at)));
            if each(&row).is_break() {
                return Ok((seen, ControlFlow::Break(())));
            }
        }
    }
    Ok((seen, ControlFlow::Continue(())))
}

/// One column of a batch, as what it holds.
enum Seen<'a> {
    Text(&'a arrow_array::StringArray),
    Time(&'a arrow_array::TimestampMicrosecondArray),
    Short(&'a arrow_array::Int32Array),
    Number(&'a arrow_array::Int64Array),
    Bytes(&'a arrow_array::BinaryArray),
}

impl<'a> Seen<'a> {
    fn of(column: &'a ArrayRef) -> Option<Seen<'a>> {
        Some(match column.data_type() {
            DataType::Utf8 => Seen::Text(column.as_string()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Seen::Time(column.as_primitive()),
            DataType::Int32 => Seen::Short(column.as_primitive()),
            DataType::Int64 => Seen::Number(column.as_primitive()),
            DataType::Binary => Seen::Bytes(column.as_binary()),
            _ => return None,
        })
    }

    fn cell(&self, at: usize) -> Cell<'a> {
        match self {
            Seen::Text(column) if column.is_valid(at) => Cell::Text(column.value(at).into()),
            Seen::Time(column) if column.is_valid(at) => Cell::Time(Time(column.value(at))),
            Seen::Short(column) if column.is_valid(at) => Cell::Number(column.value(at).into()),
            Seen::Number(column) if column.is_valid(at) => Cell::Number(column.value(at)),
            Seen::Bytes(column) if column.is_valid(at) => Cell::Text(String::from_utf8_lossy(column.value(at))),
            _ => Cell::Absent,
        }
    }
}

/// One batch, read by name.
struct Columns<'a> {
    batch: &'a RecordBatch,
}

impl Columns<'_> {
    fn column(&self, name: &str, wanted: &DataType) -> Result<&ArrayRef, String> {
        let column = self.batch.column_by_name(name).ok_or_else(|| format!("it has no column `{name}`"))?;
        match column.data_type() == wanted {
            true => Ok(column),
            false => Err(format!("its column `{name}` is {} and should be {wanted}", column.data_type())),
        }
    }

    fn text(&self, name: &str, at: usize) -> Result<Option<&str>, String> {
        let column = self.column(name, &DataType::Utf8)?.as_string::<i32>();
        Ok(column.is_valid(at).then(|| column.value(at)))
    }

    fn needed(&self, name: &str, at: usize) -> Result<&str, String> {
        self.text(name, at)?.ok_or_else(|| format!("row {at} has no `{name}`"))
    }

    fn key(&self, name: &str, at: usize) -> Result<Option<NodeKey>, String> {
        let Some(text) = self.text(name, at)? else { return Ok(None) };
        NodeKey::parse(text).map(Some).ok_or_else(|| format!("`{name}` of row {at} is no key"))
    }

    fn number(&self, name: &str, at: usize) -> Result<Option<u64>, String> {
        let column = self.column(name, &DataType::Int64)?.as_primitive::<Int64Type>();
        Ok(column.is_valid(at).then(|| column.value(at).unsigned_abs()))
    }

    fn row(&self, at: usize) -> Result<Row, String> {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let uid =
            u128::from_str_radix(self.needed("uid", at)?, 16).map_err(|_| format!("`uid` of row {at} is no uid"))?;
        let class_uid = self.column("class_uid", &DataType::Int32)?.as_primitive::<Int32Type>().value(at);
        Ok(Row {
            uid: EventUid(uid),
            source: Text::new(self.needed("source", at)?),
            native_id: Text::new(self.needed("native_id", at)?),
            time: Time(self.column("time", &time)?.as_primitive::<TimestampMicrosecondType>().value(at)),
            class_uid: class_uid.unsigned_abs(),
            actor: self.key("actor", at)?,
            credential: self.key("credential", at)?,
            address: self.text("address", at)?.map(Text::new),
            user_agent: self.text("user_agent", at)?.map(Text::new),
            operation: Text::new(self.needed("operation", at)?),
            target: self.key("target", at)?,
            outcome: outcome(self.needed("outcome", at)?).ok_or_else(|| format!("`outcome` of row {at} is none"))?,
            bytes: self.number("bytes", at)?,
            records: self.number("records", at)?,
            environment: self.key("environment", at)?,
            minted: self.key("minted", at)?,
            session: self.text("session", at)?.map(Text::new),
            raw: self.column("raw", &DataType::Binary)?.as_binary::<i32>().value(at).to_vec(),
            ocsf: self.needed("ocsf", at)?.to_owned(),
        })
    }
}

const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Denied => "denied",
        Outcome::Failure => "failure",
        Outcome::Unknown => "unknown",
    }
}

fn outcome(word: &str) -> Option<Outcome> {
    let all = [Outcome::Success, Outcome::Denied, Outcome::Failure, Outcome::Unknown];
    all.into_iter().find(|outcome| outcome_word(*outcome) == word)
}
