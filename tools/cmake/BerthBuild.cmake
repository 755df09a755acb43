# SPDX-License-Identifier: MIT
#
# How Berth's own targets are compiled. They link PRIVATE
#   berth_warnings         the warnings, with -Werror if BERTH_WERROR
#   berth_instrumentation  the sanitizers and the coverage that were asked for
# and nothing of it reaches a plugin that is built elsewhere.

option(BERTH_WERROR "Treat warnings as errors" OFF)
option(BERTH_LTO "Optimise at link time, where the compiler can" OFF)
option(BERTH_COVERAGE "Count executed lines for gcov" OFF)
option(BERTH_TESTS "Register the tests (they need Python 3)" ON)
option(BERTH_UNIT_TESTS "Build the unit tests, too (they need Check)" ON)
option(BERTH_FAULTS "Build the fault shim and its tests (no sanitizers)" OFF)
set(BERTH_SANITIZE "" CACHE STRING
    "Sanitizers, as after -fsanitize=, for instance address,undefined")
option(BERTH_SANITIZE_TRAP "Undefined behaviour raises SIGILL, and no message" OFF)

# A build without a type would be one without optimisation.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Type of build" FORCE)
endif()

find_program(BERTH_CCACHE ccache)
mark_as_advanced(BERTH_CCACHE)
if(BERTH_CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER "${BERTH_CCACHE}")
endif()

if(BERTH_LTO)
    include(CheckIPOSupported)
    check_ipo_supported(
        RESULT CMAKE_INTERPROCEDURAL_OPTIMIZATION
        OUTPUT why
        LANGUAGES C)
    if(NOT CMAKE_INTERPROCEDURAL_OPTIMIZATION)
        message(STATUS "No link-time optimisation: ${why}")
    endif()
endif()

add_library(berth_warnings INTERFACE)
target_compile_options(berth_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wpointer-arith -Wcast-qual
    -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wimplicit-fallthrough
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
    $<$<BOOL:${BERTH_WERROR}>:-Werror>)

add_library(berth_instrumentation INTERFACE)
if(BERTH_SANITIZE)
    target_compile_options(berth_instrumentation INTERFACE
        -fsanitize=${BERTH_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_link_options(berth_instrumentation INTERFACE
        -fsanitize=${BERTH_SANITIZE})
    if(BERTH_SANITIZE_TRAP)
        set(trap -fsanitize-trap=undefined)
        if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
            set(trap -fsanitize-undefined-trap-on-error) # before gcc 13
        endif()
        # For the linker, too: without it the messages are linked.
        target_compile_options(berth_instrumentation INTERFACE ${trap})
        target_link_options(berth_instrumentation INTERFACE ${trap})
    endif()
    # clang's run-time library is in the program alone: a plugin must refer to
    # it. See berth_add_protocol().
    if(CMAKE_C_COMPILER_ID MATCHES "Clang")
        set(BERTH_ALLOW_UNDEFINED ON)
    endif()
endif()
if(BERTH_COVERAGE)
    target_compile_options(berth_instrumentation INTERFACE --coverage)
    target_link_options(berth_instrumentation INTERFACE --coverage)
endif()
