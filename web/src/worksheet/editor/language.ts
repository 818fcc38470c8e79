import { SQLDialect } from '@codemirror/lang-sql';

export const KEYWORDS =
  'access add after all alter analyze and any array as asc attach audit batch begin between binary both by call cascade case cast cluster column columns comment commit connection connections copy create cross cube current database databases date day default delete desc describe distinct drop else end escape except exclude exists explain external extract false fields file files filter first following for force format formats from full function functions grant grants group grouping having if ilike in infer inner insert intersect interval into is join kill last lateral left like limit list location natural no not null nulls of offset on optimize or order organization outer over overwrite ownership partition policy preceding presign pattern privileges purge qualify query range read recursive regexp remove rename replace returning revoke right rlike role rollup row rows schema schemas select semi set setting settings setup show some stage stages suggest table tables then ties to trailing true truncate trust try_cast tuple type unbounded undrop union unpivot unset update use user users using validate values variant view views when where window with within write';

export const TYPES =
  'array bigint binary bitmap bool boolean char date datetime decimal double float float32 float64 int int16 int32 int64 int8 integer json map nullable real smallint string text time timestamp tinyint tuple uint16 uint32 uint64 uint8 unsigned varbinary varchar variant';

/** The dialect of the server, for colours. */
export const dialect = SQLDialect.define({
  keywords: KEYWORDS,
  types: TYPES,
  builtin: 'connection_name role_arn external_id storage_type file_format url endpoint_url region cli terraform cloudformation console',
  backslashEscapes: true,
  doubleDollarQuotedStrings: true,
  operatorChars: '*+-%<>!=&|~^/:',
  specialVar: '$',
  identifierQuotes: '"`',
  hashComments: false,
  slashComments: false,
});
