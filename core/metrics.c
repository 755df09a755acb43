/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int metrics_print(const struct stats *stats,
                  enum berth_metrics_format format,
                  FILE *stream)
{
    struct census census;
    int error;

    if (format != BERTH_METRICS_PROMETHEUS && format != BERTH_METRICS_SUMMARY) {
        return -EINVAL;
    }
    error = census_take(stats, &census);
    if (error < 0) {
        return error;
    }
    if (format == BERTH_METRICS_PROMETHEUS) {
        metrics_print_prometheus(stats, &census, stream);
    } else {
        metrics_print_summary(stats, &census, stream);
    }
    census_free(&census);
    return ferror(stream) != 0 ? -ENOMEM : 0;
}

static ssize_t
copy_out(const char *text, size_t length, char *buffer, size_t size)
{
    size_t room = size == 0 ? 0 : size - 1;

    if (size > 0) {
        memcpy(buffer, text, length < room ? length : room);
        buffer[length < room ? length : room] = '\0';
    }
    return (ssize_t)length;
}

ssize_t metrics_write(const struct stats *stats,
                      enum berth_metrics_format format,
                      char *buffer,
                      size_t size)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    ssize_t result;

    if (stream == NULL) {
        return -ENOMEM;
    }
    result = metrics_print(stats, format, stream);
    if (fclose(stream) != 0 && result == 0) {
        result = -ENOMEM;
    }
    if (result == 0) {
        result = copy_out(text, length, buffer, size);
    }
    free(text);
    return result;
}
