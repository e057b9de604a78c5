package rule

import "github.com/ovirt/coco/upgrade/review/finding"

// What migrations are looked through for.
const (
	CheckValidated      = "check-validated"
	ColumnUncopied      = "column-uncopied"
	ConcurrentlyInBlock = "concurrently-in-transaction"
	DownMissing         = "down-missing"
	DropCascade         = "drop-cascade"
	ForeignKeyValidated = "foreign-key-validated"
	IndexBlocking       = "index-blocking"
	KeyBlocking         = "key-blocking"
	LockTimeoutMissing  = "lock-timeout-missing"
	MigrationTwice      = "migration-twice"
	NotNullScan         = "not-null-scan"
	ObjectRenamed       = "object-renamed"
	RewriteCommand      = "rewrite-command"
	RewriteDefault      = "rewrite-default"
	RewriteType         = "rewrite-type"
	SettingLeaks        = "setting-leaks"
	TransactionControl  = "transaction-control"
)

func migrationRules() []Rule {
	return []Rule{
		{CheckValidated, finding.Decide, "the whole table is read while nobody may use it"},
		{ColumnUncopied, finding.Decide, "a column is dropped, and no migration before it has read its values"},
		{ConcurrentlyInBlock, finding.MustFix, "the server refuses CONCURRENTLY in a transaction"},
		{DownMissing, finding.Decide, "what has no way back cannot be taken back"},
		{DropCascade, finding.Decide, "whatever depends on the object goes too, and nobody has said what that is"},
		{ForeignKeyValidated, finding.Decide, "the whole table is read while nobody may write it, or the one it refers to"},
		{IndexBlocking, finding.Decide, "nobody may write the table until the index is built"},
		{KeyBlocking, finding.Decide, "nobody may use the table until the key's index is built"},
		{LockTimeoutMissing, finding.Decide, "while it waits for its lock, everybody who comes later waits behind it"},
		{MigrationTwice, finding.MustFix, "two files of one version: none of the directory is run"},
		{NotNullScan, finding.Decide, "the whole table is read while nobody may use it"},
		{ObjectRenamed, finding.Decide, "whoever still uses the old name fails from that moment on"},
		{RewriteCommand, finding.Decide, "the table is written anew while nobody may use it"},
		{RewriteDefault, finding.Decide, "each row gets a value of its own: the table is written anew while nobody may use it"},
		{RewriteType, finding.Decide, "the table is written anew, or read through, while nobody may use it"},
		{SettingLeaks, finding.Note, "a setting of the session holds for all that comes after it on the connection"},
		{TransactionControl, finding.Decide, "a file that ends its transaction can stop half-way"},
	}
}
