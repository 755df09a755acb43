/* SPDX-License-Identifier: MIT */
/*
 * Compiles if the headers have what a release had: each field where it was, of
 * the type that it was, each number as it was. LAYOUT is the release's
 * layout.def. With LAYOUT_IS_EXACT the headers are that release's own, and no
 * struct is larger, either. It is C and C++.
 */
#include <berth/line.h>
#include <berth/protocol.h>

#ifdef __cplusplus
#define ASSERT(...) static_assert(__VA_ARGS__)
#define IS_SAME(...) __is_same(__VA_ARGS__)
#define ALIGNMENT(type_) alignof(type_)
#else
#define ASSERT(...) _Static_assert(__VA_ARGS__)
#define IS_SAME(...) __builtin_types_compatible_p(__VA_ARGS__)
#define ALIGNMENT(type_) _Alignof(type_)
#endif

#ifdef LAYOUT_IS_EXACT
#define GROWING ==
#else
#define GROWING >=
#endif
#define FIXED ==

#define MEMBER(struct_, member_) (((struct_ *)0)->member_)

#define LAYOUT_CONSTANT(name_, value_)                                         \
    ASSERT((name_) == (value_), #name_ " has another value");
#define LAYOUT_ENUM(name_, size_)                                              \
    ASSERT(sizeof(enum name_) == (size_), "enum " #name_ " has another size");
#define LAYOUT_VALUE(name_, value_)                                            \
    ASSERT((name_) == (value_), #name_ " has another value");
#define LAYOUT_STRUCT(name_, size_, alignment_, growth_)                       \
    ASSERT(sizeof(name_) growth_(size_), #name_ " has another size");          \
    ASSERT(ALIGNMENT(name_) == (alignment_), #name_ " is aligned otherwise");
#define LAYOUT_FIELD(struct_, member_, offset_, size_, ...)                    \
    ASSERT(offsetof(struct_, member_) == (offset_),                            \
           #struct_ "." #member_ " has another place");                        \
    ASSERT(sizeof(MEMBER(struct_, member_)) == (size_),                        \
           #struct_ "." #member_ " has another size");                         \
    ASSERT(IS_SAME(__typeof__(MEMBER(struct_, member_)), __VA_ARGS__),         \
           #struct_ "." #member_ " has another type");
#define LAYOUT_TYPE(name_, ...)                                                \
    ASSERT(IS_SAME(name_, __VA_ARGS__), #name_ " is another type");
#define LAYOUT_FUNCTION(name_, ...)                                            \
    ASSERT(IS_SAME(__typeof__(&name_), __VA_ARGS__),                           \
           #name_ "() has another type");

ASSERT(sizeof(void *) == 8, "the layouts are those of 64 bits");

#include LAYOUT
