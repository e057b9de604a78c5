package judge

import "github.com/ovirt/coco/upgrade/review/finding"

// files takes over what package rule finds in a directory of migrations.
func (j *judge) files() {
	if !j.Directory {
		return
	}
	open := 0
	for _, f := range j.Files {
		if f.Silenced == "" && f.Severity != finding.Note {
			open++
		}
	}
	j.result.Findings = append(j.result.Findings, j.Files...)
	summary := "the statements of all files read: "
	if open > 0 {
		j.check("files", true, summary+counted(open, "finding"))
		return
	}
	j.check("files", false, summary+"none blocks tables for long, or leaves out a way back")
}
