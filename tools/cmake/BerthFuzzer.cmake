# SPDX-License-Identifier: MIT
#
# libFuzzer as a library: the target berth_fuzzer, and BERTH_FUZZER_LIBRARY, its
# file. Where there is none berth-fuzz is left out.
#
# It comes with clang (Debian: libclang-rt-dev), but any compiler can link it. It
# is C++; what it needs of that is linked statically, so that a package of Berth
# depends on no more than the server does.
set(file "libclang_rt.fuzzer_no_main-${CMAKE_SYSTEM_PROCESSOR}.a")
set(BERTH_CLANG "${CMAKE_C_COMPILER}")
if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    find_program(BERTH_CLANG_PROGRAM clang)
    mark_as_advanced(BERTH_CLANG_PROGRAM)
    set(BERTH_CLANG "${BERTH_CLANG_PROGRAM}")
endif()

if(NOT BERTH_FUZZER_LIBRARY AND BERTH_CLANG)
    execute_process(
        COMMAND "${BERTH_CLANG}" -print-file-name=${file}
        OUTPUT_VARIABLE found
        OUTPUT_STRIP_TRAILING_WHITESPACE
        ERROR_QUIET)
    if(NOT IS_ABSOLUTE "${found}" OR NOT EXISTS "${found}")
        set(found "")
    endif()
    set(BERTH_FUZZER_LIBRARY "${found}" CACHE FILEPATH
        "clang's ${file}; empty: no berth-fuzz" FORCE)
endif()
if(NOT BERTH_FUZZER_LIBRARY)
    message(STATUS
        "No berth-fuzz: it needs clang and its ${file} (Debian: clang, "
        "libclang-rt-dev)")
    return()
endif()

add_library(berth_fuzzer INTERFACE)
target_link_libraries(berth_fuzzer INTERFACE
    "${BERTH_FUZZER_LIBRARY}"
    -static-libgcc -Wl,-Bstatic -lstdc++ -Wl,-Bdynamic -lm)
# A plugin that is instrumented calls it.
target_link_options(berth_fuzzer INTERFACE
    "LINKER:--export-dynamic-symbol=__sanitizer_cov_*"
    "LINKER:--export-dynamic-symbol=__sancov_*")
