package wire

import (
	"bytes"
	"fmt"
)

// Side is an end of a connection.
type Side string

// The two sides.
const (
	Client Side = "client"
	Server Side = "server"
)

// Message is one message of the protocol.
type Message struct {
	From Side
	// Kind is its type; 0 for the first one of a client, which has none.
	Kind byte
	// Data is all of it, as it goes over the wire.
	Data []byte
}

// SQL returns the statement that a Query or Parse of a client carries; empty for other messages.
func (m Message) SQL() string {
	if m.From != Client || m.Kind != 'Q' && m.Kind != 'P' {
		return ""
	}
	text := m.Data[5:]
	if m.Kind == 'P' { // the name of a prepared statement comes first
		text = text[bytes.IndexByte(text, 0)+1:]
	}
	return untilZero(text)
}

// Tag returns the tag of a CommandComplete of the server, such as COMMIT; empty for other messages.
func (m Message) Tag() string {
	if m.From != Server || m.Kind != 'C' {
		return ""
	}
	return untilZero(m.Data[5:])
}

func untilZero(text []byte) string {
	if end := bytes.IndexByte(text, 0); end >= 0 {
		text = text[:end]
	}
	return string(text)
}

// The names that the documentation of the protocol gives to what a program and its server say.
var (
	clientNames = map[byte]string{
		0: "Startup", 'Q': "Query", 'P': "Parse", 'B': "Bind", 'D': "Describe", 'E': "Execute", 'S': "Sync", 'C': "Close",
		'H': "Flush", 'X': "Terminate", 'p': "Password", 'd': "CopyData", 'c': "CopyDone", 'f': "CopyFail",
	}
	serverNames = map[byte]string{
		'R': "Authentication", 'S': "ParameterStatus", 'K': "BackendKeyData", 'Z': "ReadyForQuery", '1': "ParseComplete",
		'2': "BindComplete", '3': "CloseComplete", 'T': "RowDescription", 't': "ParameterDescription", 'D': "DataRow",
		'C': "CommandComplete", 'I': "EmptyQueryResponse", 'n': "NoData", 'N': "NoticeResponse", 'E': "ErrorResponse",
		'A': "NotificationResponse", 's': "PortalSuspended", 'G': "CopyInResponse", 'H': "CopyOutResponse", 'd': "CopyData",
		'c': "CopyDone",
	}
)

// Name is the message's name in the documentation of the protocol.
func (m Message) Name() string {
	names := clientNames
	if m.From == Server {
		names = serverNames
	}
	if name, ok := names[m.Kind]; ok {
		return name
	}
	return fmt.Sprintf("%q", m.Kind)
}
