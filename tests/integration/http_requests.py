# SPDX-License-Identifier: MIT
"""Raw requests, each with the section of RFC 9110 or RFC 9112 that it is about
and the answers that are allowed.

Behind each one, in the same write, goes a request that only an unharmed
connection answers: so it is seen where the server believes that the message
ended, and that it closes where it must."""

import os
import re
import unittest

from harness import PLUGINS, Server, connect, recv_all, skip

CONFIG = """\
protocols:
  - plugin: http
    listen: 127.0.0.1:0
    settings:
      max_head: 2KiB
      max_headers: 20
      max_body: 1000
      routes:
        - {path: /, respond: {body: root}}
        - {path: /hello, respond: {body: hello}}
        - {path: "/echo*", echo: true}
        - {path: /post, methods: [POST], respond: {status: 201, body: posted}}
        - {path: /empty, respond: {status: 204}}
        - {path: /old, redirect: {to: /hello, status: 301}}
        - {path: /last, respond: {body: last}}
"""
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
HOST = "Host: a\r\n"
GET = "GET /hello HTTP/1.1\r\n" + HOST
POST = "POST /echo HTTP/1.1\r\n" + HOST
CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n"

KEEP, CLOSE = True, False


def get(target="/hello", version="HTTP/1.1", headers=HOST, method="GET"):
    return f"{method} {target} {version}\r\n{headers}\r\n"


def header(line):
    return GET + line + "\r\n\r\n"


# Section; the bytes; the status, or those allowed; whether the connection goes
# on. 9112 unless the section says 9110.
CASES = [
    # 2.2 and 3: lines
    ("2.2", get(), 200, KEEP),
    ("2.2 an empty line first", "\r\n" + get(), 200, KEEP),
    ("2.2 two empty lines first", "\r\n\r\n" + get(), 400, CLOSE),
    ("2.2 a bare LF first", "\n" + get(), 400, CLOSE),
    ("2.2 a bare CR first", "\r" + get(), 400, CLOSE),
    ("2.2 LF ends the request line", GET.replace("\r", "", 1) + "\r\n", 400, CLOSE),
    ("2.2 LF ends a field", GET + "A: b\n\r\n", 400, CLOSE),
    ("2.2 LF ends the head", GET + "\n", 400, CLOSE),
    ("2.2 LF alone everywhere", (GET + "\r\n").replace("\r", ""), 400, CLOSE),
    ("2.2 CR alone ends a field", GET + "A: b\rC: d\r\n\r\n", 400, CLOSE),
    ("2.2 CR CR LF", GET + "A: b\r\r\n\r\n", 400, CLOSE),
    ("2.2 white space before the first field",
     "GET /hello HTTP/1.1\r\n Host: a\r\n\r\n", 400, CLOSE),
    ("2.2 NUL in the request line", get("/he\0llo"), 400, CLOSE),
    ("2.2 TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00", 400, CLOSE),
    ("3 white space before the method", " " + get(), 400, CLOSE),
    ("3 two spaces behind the method", get(" /hello"), 400, CLOSE),
    ("3 two spaces before the version", get("/hello "), 400, CLOSE),
    ("3 a tab instead of a space", "GET\t/hello HTTP/1.1\r\n" + HOST + "\r\n",
     400, CLOSE),
    ("3 a space within the target", get("/he llo"), 400, CLOSE),
    ("3 a space behind the version", get(version="HTTP/1.1 "), 400, CLOSE),
    ("3 no version (HTTP/0.9)", "GET /hello\r\n" + HOST + "\r\n", 400, CLOSE),
    ("3 no target", "GET HTTP/1.1\r\n" + HOST + "\r\n", 400, CLOSE),
    ("3 an empty target", "GET  HTTP/1.1\r\n" + HOST + "\r\n", 400, CLOSE),
    ("3 a method alone", "GET\r\n\r\n", 400, CLOSE),
    ("3 no words at all", "hello\r\n\r\n", 400, CLOSE),
    ("3 an answer", "HTTP/1.1 200 OK\r\n\r\n", (400, 501), CLOSE),
    ("3 a target of 2000 bytes", get("/" + "a" * 1900), 404, KEEP),
    ("3 a target beyond max_head", get("/" + "a" * 3000), 414, CLOSE),
    # 2.3: versions
    ("2.3 HTTP/1.0", get(version="HTTP/1.0", headers=""), 200, CLOSE),
    ("2.3 HTTP/1.0 with Host", get(version="HTTP/1.0"), 200, CLOSE),
    ("9110 2.5 HTTP/1.2", get(version="HTTP/1.2"), 200, KEEP),
    ("9110 2.5 HTTP/1.9", get(version="HTTP/1.9"), 200, KEEP),
    ("9110 15.6.6 HTTP/2.0", get(version="HTTP/2.0"), 505, CLOSE),
    ("9110 15.6.6 HTTP/0.9", get(version="HTTP/0.9"), 505, CLOSE),
    ("9110 15.6.6 HTTP/3.1", get(version="HTTP/3.1"), 505, CLOSE),
    ("3 HTTP/0.1 without a method", "  HTTP/0.1\r\n\r\n", 400, CLOSE),
    ("3 HTTP/2.0 of what is no method", get(method="(", version="HTTP/2.0"),
     400, CLOSE),
    ("9110 15.6.6 the preface of HTTP/2",
     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, CLOSE),
    ("2.3 HTTP/1.10", get(version="HTTP/1.10"), 400, CLOSE),
    ("2.3 HTTP/11.1", get(version="HTTP/11.1"), 400, CLOSE),
    ("2.3 HTTP/1", get(version="HTTP/1"), 400, CLOSE),
    ("2.3 HTTP/1.", get(version="HTTP/1."), 400, CLOSE),
    ("2.3 HTTP/1,1", get(version="HTTP/1,1"), 400, CLOSE),
    ("2.3 http/1.1", get(version="http/1.1"), 400, CLOSE),
    ("2.3 HTTP 1.1", get(version="HTTP 1.1"), 400, CLOSE),
    ("2.3 HTTP/x.1", get(version="HTTP/x.1"), 400, CLOSE),
    ("2.3 RTSP/1.0", get(version="RTSP/1.0"), 400, CLOSE),
    ("2.3 ICE/1.0", get(version="ICE/1.0", method="SOURCE"), (400, 501), CLOSE),
    # 9110 9: methods
    ("9110 9.3.2 HEAD", get(method="HEAD"), 200, KEEP),
    ("9110 9.3.2 HEAD of what is not there", get("/none", method="HEAD"), 404, KEEP),
    ("9110 9.3.3 POST", get("/post", method="POST"), 201, KEEP),
    ("9110 9.3.7 OPTIONS", get(method="OPTIONS"), (200, 204), KEEP),
    ("9110 9.3.7 OPTIONS *", get("*", method="OPTIONS"), (200, 204), KEEP),
    ("9110 9.3.7 OPTIONS of what is not there", get("/none", method="OPTIONS"),
     (200, 204, 404), KEEP),
    ("9110 9.3.5 DELETE by echo", get("/echo", method="DELETE"), 200, KEEP),
    ("RFC 5789 PATCH by echo", get("/echo", method="PATCH"), 200, KEEP),
    ("9110 9.3.4 PUT", get(method="PUT"), 405, KEEP),
    ("9110 15.5.6 DELETE", get(method="DELETE"), 405, KEEP),
    ("9110 15.5.6 GET of what takes POST", get("/post"), 405, KEEP),
    ("9110 9.3.8 TRACE", get(method="TRACE"), (405, 501), CLOSE),
    ("9110 9.3.6 CONNECT", get("a:80", method="CONNECT"), (400, 405, 501), CLOSE),
    ("9110 9.1 a method that nobody knows", get(method="FETCH"), 501, CLOSE),
    ("9110 9.1 a method that llhttp knows", get(method="PROPFIND"), 501, CLOSE),
    ("9110 9.1 methods have their case", get(method="get"), (400, 501), CLOSE),
    ("9110 9.1 a method with marks", get(method="M-SEARCH!"), 501, CLOSE),
    ("9110 9.1 no token", get(method="GE(T"), 400, CLOSE),
    ("9110 9.1 no token, but a slash", get(method="GET/"), 400, CLOSE),
    # 3.2: targets
    ("3.2.1 a query", get("/hello?a=b?c/d"), 200, KEEP),
    ("3.2.1 an empty query", get("/hello?"), 200, KEEP),
    ("3.2.1 what is not there", get("/none"), 404, KEEP),
    ("9110 4.2.3 an escape that needs none", get("/h%65llo"), 200, KEEP),
    ("9110 4.2.3 escapes in small letters", get("/%6c"), 404, KEEP),
    ("3.2.1 a broken escape", get("/%6"), 400, KEEP),
    ("3.2.1 an escape that is none", get("/%xy"), 400, KEEP),
    ("3.2.1 an escaped NUL", get("/%00"), (400, 404), KEEP),
    ("RFC 3986 5.2.4 dots", get("/x/./../hello"), 200, KEEP),
    ("RFC 3986 5.2.4 escaped dots", get("/x/%2e%2e/hello"), 200, KEEP),
    ("RFC 3986 5.2.4 above the root", get("/../hello"), (400, 404), KEEP),
    ("3.2 a fragment", get("/hello#a"), 400, CLOSE),
    ("3.2 a fragment behind the query", get("/hello?a#b"), 400, CLOSE),
    ("3.2 no slash", get("hello"), 400, CLOSE),
    ("3.2 bytes beyond ASCII", get("/\xe9"), 400, CLOSE),
    ("3.2 a control character", get("/\x01"), 400, CLOSE),
    ("3.2 DEL", get("/\x7f"), 400, CLOSE),
    ("3.2.2 absolute", get("http://a/hello"), 200, KEEP),
    ("3.2.2 absolute, the scheme in capitals", get("HTTP://a/hello"), 200, KEEP),
    ("3.2.2 absolute, with a port", get("http://a:80/hello?b"), 200, KEEP),
    ("3.2.2 absolute, an empty port", get("http://a:/hello"), 200, KEEP),
    ("3.2.2 absolute, without a path", get("http://a"), 200, KEEP),
    ("3.2.2 absolute, a query alone", get("http://a?b"), 200, KEEP),
    ("3.2.2 absolute, Host differs", get("http://b/hello"), 200, KEEP),
    ("3.2.2 absolute, no Host", get("http://a/hello", headers=""), 400, CLOSE),
    ("3.2.2 absolute in HTTP/1.0", get("http://a/hello", "HTTP/1.0", ""), 200, CLOSE),
    ("3.2.2 absolute, no host in it", get("http:///hello"), 400, CLOSE),
    ("3.2.2 absolute, a port alone", get("http://:80/hello"), 400, CLOSE),
    ("9110 4.2.4 user information", get("http://u@a/hello"), 400, CLOSE),
    ("9110 7.4 https on a plain port", get("https://a/hello"), (400, 421), CLOSE),
    ("3.2.2 another scheme", get("ftp://a/hello"), (400, 421), CLOSE),
    ("3.2.3 authority-form", get("a:80"), 400, CLOSE),
    ("3.2.4 * with GET", get("*"), 400, CLOSE),
    ("3.2.4 ** ", get("**", method="OPTIONS"), 400, CLOSE),
    ("3.2.4 OPTIONS of a host", get("http://a", method="OPTIONS"), (200, 204), KEEP),
    # 3.2 and 9110 7.2: Host
    ("3.2 no Host", get(headers=""), 400, CLOSE),
    ("3.2 no Host, other fields", get(headers="A: b\r\n"), 400, CLOSE),
    ("3.2 two Hosts", get(headers=HOST + "Host: b\r\n"), 400, CLOSE),
    ("3.2 the same Host twice", get(headers=HOST + HOST), 400, CLOSE),
    ("3.2 two Hosts in HTTP/1.0", get(version="HTTP/1.0", headers=HOST * 2), 400, CLOSE),
    ("9110 7.2 an empty Host", get(headers="Host:\r\n"), (200, 400), CLOSE),
    ("9110 7.2 a port", get(headers="Host: a:8080\r\n"), 200, KEEP),
    ("9110 7.2 an empty port", get(headers="Host: a:\r\n"), 200, KEEP),
    ("9110 7.2 no number", get(headers="Host: a:b\r\n"), 400, CLOSE),
    ("9110 7.2 a port beyond 65535", get(headers="Host: a:65536\r\n"), 400, CLOSE),
    ("9110 7.2 IPv4", get(headers="Host: 127.0.0.1:80\r\n"), 200, KEEP),
    ("9110 7.2 IPv6", get(headers="Host: [::1]:80\r\n"), 200, KEEP),
    ("9110 7.2 IPv6 without brackets", get(headers="Host: ::1\r\n"), 400, CLOSE),
    ("9110 7.2 a bracket that stays open", get(headers="Host: [::1\r\n"), 400, CLOSE),
    ("9110 7.2 nothing in brackets", get(headers="Host: []\r\n"), 400, CLOSE),
    ("9110 7.2 a space", get(headers="Host: a b\r\n"), 400, CLOSE),
    ("9110 7.2 a path", get(headers="Host: a/b\r\n"), 400, CLOSE),
    ("9110 7.2 user information", get(headers="Host: u@a\r\n"), 400, CLOSE),
    ("9110 7.2 an escape", get(headers="Host: %61\r\n"), 200, KEEP),
    ("9110 7.2 a broken escape", get(headers="Host: %6\r\n"), 400, CLOSE),
    ("9110 7.2 two ports", get(headers="Host: a:1:2\r\n"), 400, CLOSE),
    ("9110 7.2 a list", get(headers="Host: a, b\r\n"), 400, CLOSE),
    ("9110 7.2 spaces around", get(headers="Host: \t a \t\r\n"), 200, KEEP),
    ("9110 5.1 names have no case", get(headers="hOST: a\r\n"), 200, KEEP),
    # 5: fields
    ("5 no space behind the colon", header("A:b"), 200, KEEP),
    ("5 an empty value", header("A:"), 200, KEEP),
    ("5 white space as value", header("A: \t "), 200, KEEP),
    ("5.1 a space before the colon", header("A : b"), 400, CLOSE),
    ("5.1 a tab before the colon", header("A\t: b"), 400, CLOSE),
    ("5.1 an empty name", header(": b"), 400, CLOSE),
    ("5.1 no colon", header("A"), 400, CLOSE),
    ("5.1 a space within the name", header("A B: c"), 400, CLOSE),
    ("5.1 no token", header("A(: b"), 400, CLOSE),
    ("5.1 a name beyond ASCII", header("\xe9: b"), 400, CLOSE),
    ("5.1 NUL in a name", header("A\0: b"), 400, CLOSE),
    ("5.1 all marks of a token", header("!#$%&'*+-.^_`|~: b"), 200, KEEP),
    ("5.2 a folded line", header("A: b\r\n c"), 400, CLOSE),
    ("5.2 a folded line, with a tab", header("A: b\r\n\tc"), 400, CLOSE),
    ("5.2 a folded line of white space", header("A: b\r\n "), 400, CLOSE),
    ("9110 5.5 NUL in a value", header("A: b\0c"), 400, CLOSE),
    ("9110 5.5 a control character", header("A: b\x01"), (200, 400), CLOSE),
    ("9110 5.5 DEL", header("A: b\x7f"), (200, 400), CLOSE),
    ("9110 5.5 a tab", header("A: b\tc"), 200, KEEP),
    ("9110 5.5 bytes beyond ASCII", header("A: \xe9\xff"), 200, KEEP),
    ("9110 5.4 20 fields", header("\r\n".join(["A: b"] * 19)), 200, KEEP),
    ("RFC 6585 5 21 fields", header("\r\n".join(["A: b"] * 20)), 431, CLOSE),
    ("RFC 6585 5 a large field", header("A: " + "b" * 3000), 431, CLOSE),
    ("RFC 6585 5 a large name", header("A" * 3000 + ": b"), 431, CLOSE),
    # 6.1: Transfer-Encoding
    ("6.1 chunked", CHUNKED + "3\r\nabc\r\n0\r\n\r\n", 200, KEEP),
    ("6.1 in capitals", CHUNKED.replace("chunked", "CHUNKED") + "0\r\n\r\n", 200, KEEP),
    ("6.1 with GET", get("/echo", headers=HOST + "Transfer-Encoding: chunked\r\n")
     + "1\r\na\r\n0\r\n\r\n", 200, KEEP),
    ("6.1 a coding that is not known",
     CHUNKED.replace("chunked", "gzip, chunked") + "0\r\n\r\n", 501, CLOSE),
    ("6.1 the same in two fields", CHUNKED.replace(
        "Transfer", "Transfer-Encoding: gzip\r\nTransfer") + "0\r\n\r\n", 501, CLOSE),
    ("6.3 chunked is not the last", CHUNKED.replace("chunked", "chunked, gzip")
     + "0\r\n\r\n", 400, CLOSE),
    ("6.3 no chunked at all", CHUNKED.replace("chunked", "gzip"), (400, 501), CLOSE),
    ("6.3 identity", CHUNKED.replace("chunked", "identity"), (400, 501), CLOSE),
    ("6.1 chunked twice", CHUNKED.replace("chunked", "chunked, chunked")
     + "0\r\n\r\n", 400, CLOSE),
    ("6.1 chunked in two fields", CHUNKED.replace(
        "Transfer", "Transfer-Encoding: chunked\r\nTransfer") + "0\r\n\r\n", 400, CLOSE),
    ("6.1 nearly chunked", CHUNKED.replace("chunked", "xchunked"), (400, 501), CLOSE),
    ("6.1 chunked with a parameter", CHUNKED.replace("chunked", "chunked;a=b"),
     (400, 501), CLOSE),
    ("6.1 quoted", CHUNKED.replace("chunked", '"chunked"'), (400, 501), CLOSE),
    ("6.1 a vertical tab", CHUNKED.replace("chunked", "\x0bchunked"), (400, 501), CLOSE),
    ("6.1 empty", CHUNKED.replace("chunked", ""), (400, 501), CLOSE),
    ("6.1 an empty element", CHUNKED.replace("chunked", ",chunked")
     + "0\r\n\r\n", (200, 400, 501), CLOSE),
    ("6.1 in HTTP/1.0", CHUNKED.replace("HTTP/1.1", "HTTP/1.0") + "0\r\n\r\n", 400, CLOSE),
    ("6.1 with Content-Length", CHUNKED.replace("Transfer", "Content-Length: 5\r\nTransfer")
     + "0\r\n\r\n", 400, CLOSE),
    ("6.1 before Content-Length", CHUNKED.replace("chunked", "chunked\r\nContent-Length: 5")
     + "0\r\n\r\n", 400, CLOSE),
    ("6.1 empty, with Content-Length",
     POST + "Content-Length: 1\r\nTransfer-Encoding:\r\n\r\na", 400, CLOSE),
    # 6.2: Content-Length
    ("6.2 a body", POST + "Content-Length: 3\r\n\r\nabc", 200, KEEP),
    ("6.2 none", POST + "Content-Length: 0\r\n\r\n", 200, KEEP),
    ("6.2 zeros in front", POST + "Content-Length: 003\r\n\r\nabc", (200, 400), KEEP),
    ("6.3 neither", POST + "\r\n", (200, 411), KEEP),
    ("6.2 with GET", GET + "Content-Length: 3\r\n\r\nabc", 200, KEEP),
    ("6.2 with HEAD", get(method="HEAD", headers=HOST + "Content-Length: 3\r\n")
     + "abc", 200, KEEP),
    ("6.2 of a path that is not there",
     "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 404, KEEP),
    ("6.2 of a method that is not taken",
     "PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 405, KEEP),
    ("6.3 the same twice", POST + "Content-Length: 3\r\n" * 2 + "\r\nabc", 400, CLOSE),
    ("6.3 two that differ", POST + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
     400, CLOSE),
    ("6.3 a list of the same", POST + "Content-Length: 3, 3\r\n\r\nabc", 400, CLOSE),
    ("6.3 a list", POST + "Content-Length: 3, 4\r\n\r\nabc", 400, CLOSE),
    ("6.2 empty", POST + "Content-Length:\r\n\r\n", 400, CLOSE),
    ("6.2 negative", POST + "Content-Length: -3\r\n\r\nabc", 400, CLOSE),
    ("6.2 with a plus", POST + "Content-Length: +3\r\n\r\nabc", 400, CLOSE),
    ("6.2 hexadecimal", POST + "Content-Length: 0x3\r\n\r\nabc", 400, CLOSE),
    ("6.2 letters", POST + "Content-Length: abc\r\n\r\nabc", 400, CLOSE),
    ("6.2 a fraction", POST + "Content-Length: 3.0\r\n\r\nabc", 400, CLOSE),
    ("6.2 a space within", POST + "Content-Length: 1 3\r\n\r\nabc", 400, CLOSE),
    ("6.2 2^64", POST + "Content-Length: 18446744073709551616\r\n\r\n", (400, 413), CLOSE),
    ("6.2 2^64 + 3", POST + "Content-Length: 18446744073709551619\r\n\r\nabc",
     (400, 413), CLOSE),
    ("6.2 folded", POST + "Content-Length:\r\n 3\r\n\r\nabc", 400, CLOSE),
    ("9110 15.5.14 the largest", POST + "Content-Length: 1000\r\n\r\n" + "a" * 1000,
     200, KEEP),
    ("9110 15.5.14 too large", POST + "Content-Length: 1001\r\n\r\n" + "a" * 1001,
     413, CLOSE),
    # 7.1: chunks
    ("7.1 no data", CHUNKED + "0\r\n\r\n", 200, KEEP),
    ("7.1 hexadecimal, either case", CHUNKED + "A\r\n0123456789\r\na\r\n0123456789\r\n"
     "0\r\n\r\n", 200, KEEP),
    ("7.1 zeros in front", CHUNKED + "0003\r\nabc\r\n00\r\n\r\n", 200, KEEP),
    ("7.1 a size that overflows", CHUNKED + "10000000000000003\r\nabc\r\n", 400, CLOSE),
    ("7.1 a size of many digits", CHUNKED + "0" * 100 + "3\r\nabc\r\n", (200, 400), CLOSE),
    ("7.1 too large a chunk", CHUNKED + "fffffff\r\n", 413, CLOSE),
    ("7.1 too large in all", CHUNKED + ("1f4\r\n" + "a" * 500 + "\r\n") * 3, 413, CLOSE),
    ("7.1 no size", CHUNKED + "\r\nabc\r\n", 400, CLOSE),
    ("7.1 no digit", CHUNKED + "x\r\n", 400, CLOSE),
    ("7.1 negative", CHUNKED + "-1\r\n", 400, CLOSE),
    ("7.1 0x", CHUNKED + "0x3\r\nabc\r\n", 400, CLOSE),
    ("7.1 a space before the size", CHUNKED + " 3\r\nabc\r\n0\r\n\r\n", 400, CLOSE),
    ("7.1 a space behind the size", CHUNKED + "3 \r\nabc\r\n0\r\n\r\n", 400, CLOSE),
    ("7.1 LF behind the size", CHUNKED + "3\nabc\r\n0\r\n\r\n", 400, CLOSE),
    ("7.1 LF behind the data", CHUNKED + "3\r\nabc\n0\r\n\r\n", 400, CLOSE),
    ("7.1 more data than said", CHUNKED + "3\r\nabcd\r\n0\r\n\r\n", 400, CLOSE),
    ("7.1 less data than said", CHUNKED + "3\r\nab\r\n0\r\n\r\n", 400, CLOSE),
    ("7.1 LF behind the last chunk", CHUNKED + "0\n\r\n", 400, CLOSE),
    ("7.1 LF at the end", CHUNKED + "0\r\n\n", 400, CLOSE),
    ("7.1.1 an extension", CHUNKED + "3;a\r\nabc\r\n0;b=c\r\n\r\n", 200, KEEP),
    ("7.1.1 white space around", CHUNKED + "3 ; a = b ; c\r\nabc\r\n0\r\n\r\n", 200, KEEP),
    ("7.1.1 quoted", CHUNKED + '3;a="b;\\"c"\r\nabc\r\n0\r\n\r\n', 200, KEEP),
    ("7.1.1 a semicolon alone", CHUNKED + "3;\r\nabc\r\n0\r\n\r\n", (200, 400), CLOSE),
    ("7.1.1 LF in an extension", CHUNKED + "3;a\nb\r\nabc\r\n0\r\n\r\n", 400, CLOSE),
    ("7.1.1 CR in an extension", CHUNKED + "3;a\rb\r\nabc\r\n0\r\n\r\n", 400, CLOSE),
    ("7.1.1 NUL in an extension", CHUNKED + "3;a\0\r\nabc\r\n0\r\n\r\n", 400, CLOSE),
    ("7.1.1 a long extension", CHUNKED + "3;" + "a" * 5000 + "\r\nabc\r\n", (400, 413, 431),
     CLOSE),
    ("7.1.1 many extensions", CHUNKED + ("1;" + "a" * 500 + "\r\na\r\n") * 10,
     (400, 413, 431), CLOSE),
    ("7.1.2 a trailer section", CHUNKED + "0\r\nA: b\r\nC:\r\n\r\n", 200, KEEP),
    ("7.1.2 a trailer section too large", CHUNKED + "0\r\nA: " + "b" * 3000 + "\r\n\r\n",
     (400, 413, 431), CLOSE),
    ("7.1.2 too many trailer fields", CHUNKED + "0\r\n" + "A: b\r\n" * 21 + "\r\n",
     (400, 431), CLOSE),
    ("9110 6.5.1 Content-Length", CHUNKED + "0\r\nContent-Length: 3\r\n\r\n", 400, CLOSE),
    ("9110 6.5.1 Transfer-Encoding", CHUNKED + "0\r\nTransfer-Encoding: chunked\r\n\r\n",
     400, CLOSE),
    ("9110 6.5.1 Host", CHUNKED + "0\r\nHost: b\r\n\r\n", (200, 400), CLOSE),
    ("7.1.2 a folded trailer", CHUNKED + "0\r\nA: b\r\n c\r\n\r\n", 400, CLOSE),
    ("7.1.2 a trailer without a colon", CHUNKED + "0\r\nabc\r\n\r\n", 400, CLOSE),
    ("7.1.2 a trailer without a name", CHUNKED + "0\r\n: b\r\n\r\n", 400, CLOSE),
    # 9: connections
    ("9.3 keep-alive is the default", header("Connection: keep-alive"), 200, KEEP),
    ("9.6 close", header("Connection: close"), 200, CLOSE),
    ("9.6 close, in capitals", header("Connection: CLOSE"), 200, CLOSE),
    ("9.6 close, in a list", header("Connection: a, close ,b"), 200, CLOSE),
    ("9.6 close, in a second field", header("Connection: a\r\nConnection: close"),
     200, CLOSE),
    ("9.6 close wins", header("Connection: keep-alive, close"), 200, CLOSE),
    ("9.3 nearly close", header("Connection: closed"), 200, KEEP),
    ("9.3 an empty Connection", header("Connection:"), 200, KEEP),
    ("9.3 empty elements", header("Connection: ,, ,"), 200, KEEP),
    ("9.3 HTTP/1.0 with keep-alive", get(version="HTTP/1.0",
                                         headers="Connection: Keep-Alive\r\n"), 200, KEEP),
    ("9.3 HTTP/1.0 with close", get(version="HTTP/1.0", headers="Connection: close\r\n"),
     200, CLOSE),
    ("9110 7.8 Upgrade is passed over",
     header("Connection: upgrade\r\nUpgrade: websocket"), 200, KEEP),
    ("9110 7.8 h2c is passed over", header(
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: a"),
     200, KEEP),
    # 9110 10.1.1: Expect
    ("9110 10.1.1 100-continue", POST + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
     (100, 200), KEEP),
    ("9110 10.1.1 in capitals", POST + "Content-Length: 3\r\nExpect: 100-CONTINUE\r\n\r\nabc",
     (100, 200), KEEP),
    ("9110 10.1.1 chunked", CHUNKED.replace("Transfer", "Expect: 100-continue\r\nTransfer")
     + "1\r\na\r\n0\r\n\r\n", (100, 200), KEEP),
    ("9110 10.1.1 without a body", header("Expect: 100-continue"), 200, KEEP),
    ("9110 10.1.1 with HTTP/1.0", "POST /echo HTTP/1.0\r\nContent-Length: 3\r\n"
     "Expect: 100-continue\r\n\r\nabc", 200, CLOSE),
    ("9110 15.5.18 another expectation", header("Expect: more"), 417, CLOSE),
    ("9110 15.5.18 two expectations", header("Expect: 100-continue, more"), 417, CLOSE),
    ("9110 10.1.1 a body that is refused", "POST /none HTTP/1.1\r\nHost: a\r\n"
     "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc", 404, CLOSE),
    ("9110 10.1.1 a body that is too large",
     POST + "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n", 413, CLOSE),
    # 9110 15: what answers say
    ("9110 15.3.5 204", get("/empty"), 204, KEEP),
    ("9110 15.4.2 301", get("/old"), 301, KEEP),
    ("9.3.2 a pipeline", get() * 3 + get("/none") + get(), 200, KEEP),
]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


HEAD = re.compile(rb"\AHTTP/1\.1 (\d{3}) [^\r\n]+\r\n((?:[^\r\n]+\r\n)*)\r\n")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} "
                  r"\d\d:\d\d:\d\d GMT\Z")


def parse(data, has_no_body):
    """All answers; has_no_body: the first final one is to a HEAD."""
    answers = []
    while data:
        match = HEAD.match(data)
        if match is None:
            raise AssertionError(f"no answer: {data!r}")
        lines = match.group(2).decode("latin-1").split("\r\n")[:-1]
        headers = [(name.lower(), value) for name, _, value in
                   (line.partition(": ") for line in lines)]
        status = int(match.group(1))
        size = int(dict(headers).get("content-length", 0))
        if has_no_body and status >= 200:
            size, has_no_body = 0, False
        data = data[match.end():]
        answers.append(Answer(status, headers, data[:size]))
        if len(data) < size:
            raise AssertionError(f"{size} bytes were announced: {data!r}")
        data = data[size:]
    return answers


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(CONFIG)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def exchange(self, raw):
        """Until the end of the stream; a reset is an error."""
        with connect(self.server.address) as sock:
            sock.sendall(raw)
            return recv_all(sock)

    def check_answer(self, answer):
        headers = dict(answer.headers)
        names = [name for name, _ in answer.headers]
        self.assertEqual(len(names), len(set(names)), "a field twice")
        if answer.status < 200:
            return
        self.assertRegex(headers["date"], DATE)
        self.assertEqual("content-length" in headers, answer.status != 204)
        if answer.status == 405:
            self.assertIn("allow", headers)
        self.assertNotIn("transfer-encoding", headers)

    def check(self, section, text, allowed, keeps):
        raw = text.encode("latin-1")
        answers = parse(self.exchange(raw + LAST), raw.startswith(b"HEAD "))
        for answer in answers:
            self.check_answer(answer)
        allowed = (allowed,) if isinstance(allowed, int) else allowed
        self.assertIn(answers[0].status, allowed)
        self.assertEqual(answers[-1].body == b"last", keeps)
        self.assertEqual(dict(answers[-1].headers)["connection"], "close")
        if not keeps and answers[-1].status != 200:
            self.assertEqual(len(answers), 1)

    def test_each_request_gets_what_the_rfc_allows(self):
        self.assertGreater(len(CASES), 150)
        for case in CASES:
            with self.subTest(case[0]):
                self.check(*case)

    def test_names_are_told_apart(self):
        names = [case[0] for case in CASES]
        self.assertEqual(sorted(names), sorted(set(names)))

    def test_a_refusal_needs_no_end_of_the_request(self):
        for raw in (b"GET /hello HTTP/1.1\n", b"GET /" + b"a" * 3000,
                    b"\x16\x03\x01", GET.encode() + b" A: b\r\n",
                    CHUNKED.encode() + b"x"):
            with self.subTest(raw[:30]):
                answers = parse(self.exchange(raw), False)
                self.assertIn(answers[0].status, (400, 414))

    def test_405_tells_what_is_allowed(self):
        raw = get("/post").encode() + LAST
        answer = parse(self.exchange(raw), False)[0]
        self.assertEqual(dict(answer.headers)["allow"], "POST, OPTIONS")

    def test_head_has_the_headers_of_get(self):
        for path in ("/hello", "/none", "/old", "/empty"):
            pair = [parse(self.exchange(get(path, method=method).encode() + LAST),
                          method == "HEAD")[0] for method in ("GET", "HEAD")]
            self.assertEqual(pair[1].body, b"")
            self.assertEqual(*({name: value for name, value in one.headers
                                if name != "date"} for one in pair))


if __name__ == "__main__":
    if not os.path.exists(os.path.join(PLUGINS, "http.so")):
        skip("http is not built: llhttp is missing")
    unittest.main()
