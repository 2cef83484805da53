use proptest::prelude::*;

use super::*;

fn reasons(path: &str, text: &str) -> String {
    irreversible(path, text).join("; ")
}

const EF_UP: &str = "protected override void Up(MigrationBuilder migrationBuilder)\n{\n";
const EF_DOWN: &str = "protected override void Down(MigrationBuilder migrationBuilder)\n{\n";

#[test]
fn what_cannot_be_undone_is_named() {
    for (path, text, expected) in [
        ("1.sql", "CREATE TABLE t (id int);", ""),
        ("1.sql", "DROP TABLE t;", "it drops a table (line 1)"),
        ("1.sql", "-- x\ndrop\n  table t;", "it drops a table (line 2)"),
        ("1.sql", "ALTER TABLE t DROP COLUMN c;", "it drops a column (line 1)"),
        ("1.sql", "ALTER TABLE t DROP c;", "it drops a column (line 1)"),
        ("1.sql", "ALTER TABLE t DROP CONSTRAINT c;", ""),
        ("1.sql", "DROP INDEX i;", ""),
        ("1.sql", "DROP VIEW v;", ""),
        ("1.sql", "TRUNCATE TABLE t;", "it truncates a table (line 1)"),
        ("1.sql", "DELETE FROM t;", "it deletes every row of a table (line 1)"),
        ("1.sql", "DELETE FROM t WHERE a = 1;", ""),
        ("1.sql", "-- drop table t\n/* truncate t */\nSELECT 1;", ""),
        ("1.sql", "EXEC('DROP TABLE t');", "it drops a table (line 1)"),
        ("1.sql", "-- runbook-gate: irreversible\nSELECT 1;", "it is marked irreversible"),
        ("1.down.sql", "DROP TABLE t;", ""),
        ("1.down.sql", "-- nothing\n", "its `down` is empty"),
        ("U1__x.sql", "DROP TABLE t;", ""),
        ("V1__x.sql", "DROP TABLE t;", "it drops a table (line 1)"),
        ("1.sql", "-- +goose Up\nCREATE TABLE t (id int);\n-- +goose Down\nDROP TABLE t;\n", ""),
        ("1.sql", "-- migrate:up\nCREATE TABLE t (id int);\n-- migrate:down\n", "its `down` is empty"),
        (
            "m.py",
            "def upgrade():\n    op.create_table('t')\n\ndef downgrade():\n    op.drop_table('t')\n",
            "",
        ),
        (
            "m.py",
            "def upgrade():\n    op.drop_column('t', 'c')\n\ndef downgrade():\n    op.add_column('t', c)\n",
            "it drops a column (line 2)",
        ),
        ("m.py", "def upgrade():\n    pass\n\ndef downgrade():\n    pass\n", "its `down` is empty"),
        (
            "m.py",
            "def downgrade():\n    \"\"\"Undo.\"\"\"\n    raise NotImplementedError()\n",
            "its `down` only raises an error",
        ),
        (
            "m.rb",
            "class A\n  def up\n    remove_column :t, :c\n  end\n\n  def down\n    raise ActiveRecord::IrreversibleMigration\n  end\nend\n",
            "it drops a column (line 3); its `down` only raises an error",
        ),
        (
            "m.rb",
            "class A\n  def up\n    create_table :t\n  end\n  def down\n  end\nend\n",
            "its `down` is empty",
        ),
        (
            "m.php",
            "public function up() { Schema::create('t'); }\npublic function down() { Schema::dropIfExists('t'); }\n",
            "",
        ),
        (
            "m.php",
            "public function up() { Schema::drop('t'); }\npublic function down() {\n}\n",
            "its `down` is empty",
        ),
        (
            "m.js",
            "exports.up = k => k.schema.dropTable('t');\nexports.down = k => { return k.schema.createTable('t'); };\n",
            "it drops a table (line 1)",
        ),
        (
            "m.ts",
            "async up(q) { await q.query('CREATE TABLE t'); }\nasync down(q) { await q.query('DROP TABLE t'); }\n",
            "",
        ),
        (
            "m.ts",
            "async up(q) { await q.query(`TRUNCATE t`); }\nasync down(q) { throw new Error('{'); }\n",
            "it truncates a table (line 1); its `down` only raises an error",
        ),
    ] {
        assert_eq!(reasons(path, text), expected, "{path}: {text}");
    }
}

#[test]
fn what_may_be_a_statement_is_seen_however_strings_and_comments_are_read() {
    for (why, text) in [
        ("MySQL runs it", "/*!50000 DROP TABLE a */;"),
        ("MySQL runs a part of it", "DROP /*!50000 TABLE */ a;"),
        ("MariaDB runs it", "/*M!100100 DROP TABLE a */;"),
        ("an escaped quote", "INSERT INTO t VALUES ('it\\'s -- x'); DROP TABLE b;"),
        ("a backslash that escapes nothing", "INSERT INTO t VALUES ('c:\\'); DROP TABLE b; -- '"),
        ("a string over two lines", "INSERT INTO t VALUES ('x\n-- '); DROP TABLE a;"),
        ("a quote of dollars", "DO $$ /* $$; DROP TABLE a; SELECT 1 /* */;"),
        ("a quote of dollars with a name", "DO $b_1$ -- $b_1$; DROP TABLE a;"),
        ("a comment in a comment", "/* /* */ DROP TABLE a; */"),
        ("a comment in a comment that ends", "/* /* */ ' */ SELECT '-- '; DROP TABLE a;"),
        ("two minus signs", "SELECT 5--1; DROP TABLE a;"),
        ("a lone carriage return", "-- x\rDROP TABLE a;"),
        ("lines between", "DROP\n\n\nTABLE a;"),
        ("a comment between", "DROP/**/TABLE a;"),
        ("a comment line between", "DROP\n-- now\nTABLE a;"),
        ("quoted names", "SELECT \"a -- b\"; DROP TABLE a;"),
    ] {
        assert!(
            reasons("1.sql", text).starts_with("it drops a table (line "),
            "{why}: {}",
            reasons("1.sql", text)
        );
        assert!(!reasons("2.txt", text).is_empty(), "{why}, in a file of no language");
    }
    for (why, text) in [
        ("a line", "SELECT 1;\n-- don't DROP TABLE a;\nSELECT 'x';\n--drop table b\n/* drop table c */"),
        ("behind a statement", "SELECT 1; -- then DROP TABLE a\nSELECT 'it''s'; -- DROP TABLE b"),
        ("lines of Windows", "-- drop table a\r\nSELECT 1;\r\n"),
        (
            "in the body of a function",
            "CREATE FUNCTION f() AS $$\nBEGIN\n  -- drop table a\n  RETURN 1;\nEND $$;",
        ),
        ("a backslash in a comment", "-- c:\\drop table a\nSELECT 'ä';"),
    ] {
        assert_eq!(reasons("1.sql", text), "", "{why}");
    }
    assert_eq!(reasons("2.yml", "# drop table a\nchange: none\n"), "");
}

#[test]
fn a_delete_that_takes_every_row_is_named() {
    for (text, all) in [
        ("DELETE FROM a;", true),
        ("DELETE FROM a WHERE 1=1;", true),
        ("DELETE FROM a WHERE (1 = 1);", true),
        ("DELETE FROM a WHERE true", true),
        ("DELETE FROM a WHERE '1' = '1';", true),
        ("DELETE FROM a WHERE id = id;", true),
        ("DELETE FROM a WHERE id = 3 OR 1=1;", true),
        ("DELETE FROM a\nGO\nSELECT * FROM b WHERE c = 1", true),
        ("DELETE FROM a\nUPDATE b SET c = 2 WHERE c = 1", true),
        ("DELETE FROM a\n\n\nWHERE b = 1;", false),
        ("DELETE FROM a WHERE b IN (SELECT 1);", false),
        ("DELETE FROM a WHERE 1=1 AND b = 2;", false),
    ] {
        assert_eq!(!reasons("1.sql", text).is_empty(), all, "{text}");
    }
}

#[test]
fn every_part_that_goes_up_is_read_and_keeps_its_lines() {
    for (text, expected) in [
        (
            "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE a;\n-- +goose Up\nDROP TABLE b;\n",
            "it drops a table (line 6)",
        ),
        ("ALTER TABLE t\n  ADD a int,\n  DROP c;", "it drops a column (line 3)"),
        ("ALTER TABLE t DROP IF EXISTS c;", "it drops a column (line 1)"),
        ("ALTER TABLE t ADD c int;\nDROP FUNCTION f;", ""),
        ("ALTER TABLE t DROP CONSTRAINT IF EXISTS c;", ""),
    ] {
        assert_eq!(reasons("1.sql", text), expected, "{text}");
    }
}

#[test]
fn entity_framework_is_read_by_its_methods() {
    for (up, down, expected) in [
        ("migrationBuilder.CreateTable(name: \"t\");", "migrationBuilder.DropTable(name: \"t\");", ""),
        (
            "migrationBuilder.DropColumn(name: \"c\", table: \"t\");",
            "migrationBuilder.AddColumn<int>();",
            "it drops a column (line 3)",
        ),
        (
            "migrationBuilder.Sql(\"DROP TABLE x\");",
            "migrationBuilder.Sql(\"CREATE TABLE x\");",
            "it drops a table (line 3)",
        ),
        ("migrationBuilder.CreateTable(name: \"t\");", "", "its `down` is empty"),
        ("migrationBuilder.CreateTable(name: \"t\");", "// nothing", "its `down` is empty"),
        (
            "migrationBuilder.CreateTable(name: \"t\");",
            "throw new NotSupportedException(\"}\");",
            "its `down` only raises an error",
        ),
    ] {
        let text = format!("{EF_UP}{up}\n}}\n{EF_DOWN}{down}\n}}\n");
        assert_eq!(reasons("Migrations/1_x.cs", &text), expected, "{up} {down}");
    }
    let after = format!(
        "{EF_DOWN}\nmigrationBuilder.DropTable();\n}}\n{EF_UP}\nmigrationBuilder.CreateTable();\n}}\n"
    );
    assert_eq!(reasons("1.cs", &after), "", "down may stand before up");
}

proptest! {
    #[test]
    fn no_text_breaks_it(
        ending in "sql|cs|py|rb|js|txt",
        text in "(?s).{0,200}|([{}()\"'`;:\n\\\\/*#-]| down\\(|def down\n|def downgrade\\(|drop table|-- \\+goose Down\n|é){0,40}",
    ) {
        let _ = irreversible(&format!("m.{ending}"), &text);
    }
}
