/// Student's t distribution.
enum StudentT {
    /// The 97.5th percentile, by its expansion in 1 / degrees of freedom; within 1 % from three degrees up.
    static func upperQuantile(degreesOfFreedom: Double) -> Double {
        let v = degreesOfFreedom
        return 1.959964 + 2.372271 / v + 2.822502 / (v * v) + 2.555852 / (v * v * v)
    }
}
