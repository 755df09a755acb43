# SPDX-License-Identifier: MIT
#
# What `cmake --install build/release --prefix X` puts where. Nothing in it
# names X, so that the tree may be moved: the server finds its plugins and its
# configuration from its own place, find_package(berth) from the package's.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/berth")
set(module_dir "${PROJECT_SOURCE_DIR}/tools/cmake")

install(TARGETS berth berth-conform berthctl
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS berth-try EXPORT berth-targets
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
foreach(program IN ITEMS berth-fuzz berth-load)
    if(TARGET ${program})
        install(TARGETS ${program}
            RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
    endif()
endforeach()

# berth-new, with its templates below the same prefix.
set(new_protocol "${PROJECT_SOURCE_DIR}/tools/new-protocol")
configure_file("${new_protocol}/berth-new.in"
    "${PROJECT_BINARY_DIR}/bin/berth-new" @ONLY
    FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
    GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_DATADIR}/berth")
file(CREATE_LINK "${new_protocol}/templates"
    "${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_DATADIR}/berth/new-protocol"
    SYMBOLIC)
install(PROGRAMS "${PROJECT_BINARY_DIR}/bin/berth-new"
    DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${new_protocol}/templates/"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/berth/new-protocol")

# For those who build without CMake: pkg-config berth-protocol. It finds its
# prefix from its own place.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR
    BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE libdir)
string(REGEX REPLACE "[^/]+" ".." prefix_from_libdir "${libdir}")
configure_file("${module_dir}/berth-protocol.pc.in"
    "${PROJECT_BINARY_DIR}/berth-protocol.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/berth-protocol.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# The SDK: headers and a CMake function.
install(FILES
    "${PROJECT_SOURCE_DIR}/core/include/berth/line.h"
    "${PROJECT_SOURCE_DIR}/core/include/berth/protocol.h"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/berth")
install(TARGETS berth_protocol EXPORT berth-targets)
install(EXPORT berth-targets
    NAMESPACE berth::
    DESTINATION "${package_dir}")
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/berth-config-version.cmake"
    COMPATIBILITY SameMajorVersion
    ARCH_INDEPENDENT)
install(FILES
    "${PROJECT_BINARY_DIR}/berth-config-version.cmake"
    "${module_dir}/berth-config.cmake"
    "${module_dir}/BerthProtocol.cmake"
    "${module_dir}/plugin-fuzz.c"
    "${module_dir}/plugin-fuzz.map"
    "${module_dir}/plugin.map"
    DESTINATION "${package_dir}")

# The configuration: by a script, because an edited file is not overwritten. Its
# schema stands beside it, where the first line of server.yaml says.
install(CODE "
    set(berth_config [==[${PROJECT_SOURCE_DIR}/config/server.yaml]==])
    set(berth_schema [==[${PROJECT_SOURCE_DIR}/config/server.schema.json]==])
    set(berth_sysconfdir [==[${CMAKE_INSTALL_SYSCONFDIR}]==])")
install(SCRIPT "${module_dir}/install-config.cmake")

# Not in the folder of libraries of the architecture: systemd looks into lib.
install(FILES "${PROJECT_SOURCE_DIR}/config/berth.service"
    DESTINATION lib/systemd/system)

install(DIRECTORY "${PROJECT_BINARY_DIR}/man/"
    DESTINATION "${CMAKE_INSTALL_MANDIR}")

# The documentation keeps its folders, so that its links hold.
install(FILES "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/LICENSE"
    DESTINATION "${CMAKE_INSTALL_DOCDIR}")
foreach(folder IN ITEMS config core protocols)
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}"
        FILES_MATCHING PATTERN "README.md" PATTERN "*.yaml"
        PATTERN "*.schema.json" PATTERN "*.socket"
        PATTERN "include" EXCLUDE)
endforeach()
