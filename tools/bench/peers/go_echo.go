// SPDX-License-Identifier: MIT

// An echo with Go: `go_echo PORT`. A goroutine and a buffer for each
// connection, as Go's own examples have it.
package main

import (
	"log"
	"net"
	"os"
)

func serve(conn net.Conn) {
	defer conn.Close()
	buffer := make([]byte, 16384)
	for {
		size, err := conn.Read(buffer)
		if size > 0 {
			if _, failed := conn.Write(buffer[:size]); failed != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(conn)
	}
}
