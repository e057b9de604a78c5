package release

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/ovirt/coco/upgrade/review/token"
)

// Fingerprint stands for what a body does: white space, comments, and the case of whatever is not quoted, make no difference.
func Fingerprint(body string) string {
	hash := sha256.New()
	for _, t := range token.Split(body) {
		hash.Write([]byte(t.Text))
		hash.Write([]byte{0})
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
