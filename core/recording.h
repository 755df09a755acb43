/* SPDX-License-Identifier: MIT */
/*
 * A recording: a connection as a transcript (tests/README.md), a file that is
 * written while the connection goes on. What is told is in the file when the
 * call returns, for whoever looks into it after a crash. The file is open only
 * for so long: so recordings hold no descriptors.
 */
#ifndef BERTH_RECORDING_H
#define BERTH_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With its NUL. */
#define RECORDING_NAME_MAX 160

/* How large a file becomes, in bytes. */
#define RECORDING_SIZE_MAX ((uint64_t)1024 * 1024)

/* With their NUL. */
#define RECORDING_ESCAPE_MAX 5
#define RECORDING_TIME_MAX 32

/* One byte as a transcript has it between quotation marks. Returns the
   length. */
size_t recording_escape(char text[RECORDING_ESCAPE_MAX], unsigned char byte);

/* A moment as a transcript has it: "2026-11-29T15:01:02.250Z". ms: since
   1970-01-01 UTC. */
void recording_format_time(uint64_t ms, char text[RECORDING_TIME_MAX]);

struct recording {
    int folder; /* borrowed */
    char name[RECORDING_NAME_MAX];
    uint64_t most;     /* bytes of the file; RECORDING_SIZE_MAX unless a test
                          wants less */
    uint64_t size;     /* bytes of the file so far */
    uint64_t head_end; /* what holds for all of it ends here */
    uint64_t acts_end; /* behind the last act; after it comes what the peer
                          read since then */
    bool is_over;      /* nothing more is written */
};

/* Where the next line goes. */
enum recording_place {
    RECORDING_HEAD,   /* behind what holds for all of it */
    RECORDING_BEFORE, /* behind the last act: before what the peer read since */
    RECORDING_END,
};

/* Makes the file, which must not be there, in the folder. Returns 0 or -errno:
   then it is over. */
int recording_begin(struct recording *recording, int folder, const char *name);

/* The file gets another name. Returns 0 or -errno: then it keeps the old. */
int recording_rename(struct recording *recording, const char *name);

/*
 * The functions below return 0; or -errno, and it is over: the file ends with
 * what was told before, and says that it is cut if it can. Where it has grown
 * too large it is cut, too, but that is no error.
 */

/* A line, or several, without the last newline: something that holds for all
   of it, that the peer did, or that it must see. */
int recording_tell(struct recording *recording,
                   enum recording_place place,
                   const char *lines);
int recording_act(struct recording *recording,
                  enum recording_place place,
                  const char *line);

/* What the peer sent; it is an act. size is 1 or more, as below. */
int recording_send(struct recording *recording,
                   enum recording_place place,
                   const void *data,
                   size_t size);

/* What the peer is to read. */
int recording_expect(struct recording *recording,
                     const void *data,
                     size_t size);

/* The rest is not known: why, in a comment. */
int recording_cut(struct recording *recording, const char *why);

#endif
