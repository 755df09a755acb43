/* SPDX-License-Identifier: MIT */
/*
 * Media types by the extensions of file names.
 */
#ifndef HTTP_MIME_H
#define HTTP_MIME_H

/* The types of a file such as /etc/mime.types, read once. */
struct mime;

/*
 * Reads such a file: lines of a type and its extensions, # begins a comment. A
 * file that is not there (-ENOENT) gives an empty table. Bounded to 1 MiB; a
 * line that is malformed is skipped. Returns 0 or -errno: -EFBIG, -EINVAL (no
 * regular file), -ENOMEM, or what the kernel said.
 */
int mime_new(const char *file, struct mime **mime);
void mime_free(struct mime *mime);

/*
 * The value of Content-Type for a path: by the extension of its last name in
 * any case, from the table of common types that is built in, then from the
 * file's, else application/octet-stream. Types of text have a charset: UTF-8.
 * mime may be NULL. Lives as long as mime.
 */
const char *mime_find(const struct mime *mime, const char *path);

#endif
