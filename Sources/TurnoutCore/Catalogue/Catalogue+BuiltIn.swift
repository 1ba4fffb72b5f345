import CTurnoutDefaults

extension Catalogue {
    /// The catalogue in the binary.
    ///
    /// Its first line says of which day its prices are. It is empty where the file was when the binary was built.
    public static let builtIn: Catalogue = {
        let file = turnout_embedded_catalogue()
        return Catalogue(trusted: Array(UnsafeRawBufferPointer(start: file.start, count: file.length)))
    }()
}
