/* SPDX-License-Identifier: MIT */
#include "manual.h"

#include <errno.h>
#include <string.h>

#include "capture.h"
#include "unit.h"

static struct capture capture;

static const char *print(const char *path)
{
    FILE *stream = capture_begin(&capture);

    ck_assert_int_eq(manual_print_keys(stream, path), 0);
    return capture_end(&capture);
}

static void check(const char *path, const char *part)
{
    const char *text = print(path);

    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s", part,
                  text);
    capture_free(&capture);
}

START_TEST(a_key_has_its_values_its_default_and_its_help)
{
    check("limits", ".It Ic \"input\" : No \"size, 1KiB to 1GiB\" ; No default "
                    "Cm \"64KiB\"\nbytes that a protocol may leave unused, ");
    check("", ".It Ic \"user\" : No \"text, 1 to 64 bytes\"\nthe user, by");
    check("protocols", ".It Ic \"plugin\" : No \"text, 1 to 4095 bytes\" ; No "
                       "required\nthe shared object: ");
}
END_TEST

START_TEST(a_path_leads_to_a_mapping_within)
{
    check("", ".It Ic \"protocols\"");
    check("pool", ".It Ic \"threads\"");
    check("protocols.listen", ".It Ic \"backlog\"");
    check("protocols.log", ".It Ic \"access\"");
}
END_TEST

START_TEST(mappings_within_are_left_out)
{
    const char *text = print("");

    ck_assert_ptr_nonnull(strstr(text, "\"limits\""));
    ck_assert_ptr_null(strstr(text, "\"connections\""));
    capture_free(&capture);
}
END_TEST

START_TEST(nothing_in_a_text_is_a_request)
{
    check("protocols", " 0-9 _ \\&. -;");
    check("protocols.listen", "as in \\(dq0660\\(dq;");
}
END_TEST

START_TEST(what_is_not_there_is_told)
{
    static const char *const paths[] = {
        "limit", "limitss", "limits.input.x", ".x", "trigger",
    };
    FILE *stream = capture_begin(&capture);

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ck_assert_int_eq(manual_print_keys(stream, paths[i]), -ENOENT);
    }
    ck_assert_str_eq(capture_end(&capture), "");
    capture_free(&capture);
}
END_TEST

UNIT_MAIN("manual",
          a_key_has_its_values_its_default_and_its_help,
          a_path_leads_to_a_mapping_within,
          mappings_within_are_left_out,
          nothing_in_a_text_is_a_request,
          what_is_not_there_is_told)
