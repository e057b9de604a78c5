package test

import (
	"testing"

	"github.com/ovirt/coco/internal/enginedb"
)

func TestDefaultPrivilegesChangeNoProcedureThatIsReplaced(t *testing.T) {
	t.Parallel()
	conn := engine(t, enginedb.Sample(), enginedb.DecorateSQL(), `
		ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
		ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO coco_test_reader`).Connect(t.Context())
	const callers = `
		SELECT concat_ws(' ', proname, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END, x.is_grantable)
		FROM pg_proc p, aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) x
		WHERE pronamespace = 'public'::regnamespace AND proname LIKE '%async%task%' ORDER BY 1`
	before := query(t, conn, callers)
	up(t, conn, 0, versionRetire)
	same(t, "who may call what", before, query(t, conn, callers))
}
