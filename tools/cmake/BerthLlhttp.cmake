# SPDX-License-Identifier: MIT
#
# Finds llhttp, the parser of HTTP/1, and makes of it the target berth_llhttp.
# BERTH_LLHTTP_FOUND says whether it is there. In this order:
#   1. the CMake package llhttp
#   2. libllhttp, by pkg-config (Debian 13: libllhttp-dev)
#   3. its C sources, as Debian 12 has them in node-llhttp: below /usr, or below
#      the folder BERTH_LLHTTP into which tools/run unpacks that package. Then
#      they become part of what needs it.
include_guard(GLOBAL)

set(BERTH_LLHTTP "${PROJECT_SOURCE_DIR}/build/llhttp/usr" CACHE PATH
    "Prefix with the sources of llhttp: share/llhttp, share/include/llhttp")

# Strict: in loose mode version 8 takes a bare CR for the end of a line.
function(berth_build_llhttp sources include)
    add_library(llhttp_sources STATIC
        "${sources}/api.c" "${sources}/http.c" "${sources}/llhttp.c")
    target_include_directories(llhttp_sources SYSTEM PUBLIC "${include}")
    target_compile_definitions(llhttp_sources PUBLIC LLHTTP_STRICT_MODE=1)
    # A node of its state machine is a label, and few builds use all of them.
    target_compile_options(llhttp_sources PRIVATE -w)
    target_link_libraries(llhttp_sources PRIVATE berth_instrumentation)
    set_target_properties(llhttp_sources PROPERTIES
        C_STANDARD 11
        C_CLANG_TIDY ""
        C_VISIBILITY_PRESET hidden
        POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(berth_llhttp INTERFACE llhttp_sources)
endfunction()

function(berth_find_llhttp)
    set(BERTH_LLHTTP_FOUND TRUE PARENT_SCOPE)
    add_library(berth_llhttp INTERFACE)

    find_package(llhttp CONFIG QUIET)
    foreach(target IN ITEMS llhttp::llhttp llhttp::llhttp_shared
            llhttp::llhttp_static)
        if(TARGET ${target})
            target_link_libraries(berth_llhttp INTERFACE ${target})
            return()
        endif()
    endforeach()

    pkg_check_modules(LLHTTP QUIET IMPORTED_TARGET libllhttp)
    if(LLHTTP_FOUND)
        target_link_libraries(berth_llhttp INTERFACE PkgConfig::LLHTTP)
        return()
    endif()

    find_path(BERTH_LLHTTP_SOURCES llhttp.c NO_DEFAULT_PATH
        PATHS "${BERTH_LLHTTP}" /usr PATH_SUFFIXES share/llhttp)
    find_path(BERTH_LLHTTP_INCLUDE llhttp.h NO_DEFAULT_PATH
        PATHS "${BERTH_LLHTTP}" /usr
        PATH_SUFFIXES share/include/llhttp include/llhttp)
    mark_as_advanced(BERTH_LLHTTP_SOURCES BERTH_LLHTTP_INCLUDE)
    if(BERTH_LLHTTP_SOURCES AND BERTH_LLHTTP_INCLUDE)
        berth_build_llhttp("${BERTH_LLHTTP_SOURCES}" "${BERTH_LLHTTP_INCLUDE}")
        return()
    endif()
    set(BERTH_LLHTTP_FOUND FALSE PARENT_SCOPE)
endfunction()

berth_find_llhttp()
