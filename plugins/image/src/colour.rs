//! Whether an ICC profile describes sRGB, by what it does and not by what it is called: there are dozens of sRGB profiles.
//!
//! See the specification ICC.1:2022, sections 7 (layout), 9.2 (tags) and 10 (types).

/// sRGB's red, green and blue in XYZ under D50.
const SRGB: [(&[u8; 4], [f32; 3]); 3] =
    [(b"rXYZ", [0.4361, 0.2225, 0.0139]), (b"gXYZ", [0.3851, 0.7169, 0.0971]), (b"bXYZ", [0.1431, 0.0606, 0.7141])];

/// sRGB's light for half of the largest number.
const SRGB_MIDDLE: f32 = 0.2140;

/// Whether colours that mean the same in this profile and in sRGB have the same numbers.
pub(crate) fn is_srgb(profile: &[u8]) -> bool {
    match profile.get(16..20) {
        Some(b"RGB ") => {
            SRGB.iter().all(|(name, expected)| has_colour(profile, name, expected))
                && [b"rTRC", b"gTRC", b"bTRC"].iter().all(|name| has_srgb_curve(profile, name))
        }
        Some(b"GRAY") => has_srgb_curve(profile, b"kTRC"),
        _ => false,
    }
}

fn has_colour(profile: &[u8], name: &[u8; 4], expected: &[f32; 3]) -> bool {
    let Some(data) = tag(profile, name) else { return false };
    (0..3).all(|at| fixed(data, 8 + 4 * at).is_some_and(|found| (found - expected[at]).abs() < 0.003))
}

fn has_srgb_curve(profile: &[u8], name: &[u8; 4]) -> bool {
    tag(profile, name).and_then(middle_of_curve).is_some_and(|middle| (middle - SRGB_MIDDLE).abs() < 0.01)
}

/// A curve's value at one half.
fn middle_of_curve(data: &[u8]) -> Option<f32> {
    match data.get(..4)? {
        b"curv" => match number(data, 8)? {
            0 => Some(0.5),
            1 => Some(0.5_f32.powf(f32::from(short(data, 12)?) / 256.0)),
            count => Some(f32::from(short(data, 12 + 2 * (count as usize / 2))?) / 65_535.0),
        },
        b"para" => {
            let parameter = |at: usize| fixed(data, 12 + 4 * at);
            let exponent = parameter(0)?;
            let power = |scale: f32, offset: f32| (scale * 0.5 + offset).powf(exponent);
            match short(data, 8)? {
                0 => Some(power(1.0, 0.0)),
                1 | 3 => Some(power(parameter(1)?, parameter(2)?)),
                2 => Some(power(parameter(1)?, parameter(2)?) + parameter(3)?),
                4 => Some(power(parameter(1)?, parameter(2)?) + parameter(5)?),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The data of a tag, from its type signature on.
fn tag<'a>(profile: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    const TABLE: usize = 128;
    let count = number(profile, TABLE)? as usize;
    let entries = profile.get(TABLE + 4..)?.as_chunks::<12>().0;
    let entry = entries.iter().take(count).find(|entry| entry.starts_with(name))?;
    profile.get(number(entry, 4)? as usize..)
}

fn number(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

fn short(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

/// A signed number with 16 bits after the point.
fn fixed(data: &[u8], at: usize) -> Option<f32> {
    Some(i32::from_be_bytes(*data.get(at..)?.first_chunk()?) as f32 / 65_536.0)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A profile of three colours and one curve.
    pub(crate) fn profile(colours: [[f32; 3]; 3], curve: &[u8]) -> Vec<u8> {
        let names = [b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"];
        let mut profile = vec![0; 128];
        profile[16..20].copy_from_slice(b"RGB ");
        profile.extend((names.len() as u32).to_be_bytes());
        let data = 132 + 12 * names.len();
        for (at, name) in names.into_iter().enumerate() {
            profile.extend(name);
            profile.extend(((data + 20 * at.min(3)) as u32).to_be_bytes());
            profile.extend(20_u32.to_be_bytes());
        }
        for colour in colours {
            profile.extend(b"XYZ \0\0\0\0");
            colour.iter().for_each(|part| profile.extend(((part * 65_536.0) as i32).to_be_bytes()));
        }
        profile.extend(curve);
        profile
    }

    pub(crate) const DISPLAY_P3: [[f32; 3]; 3] =
        [[0.5151, 0.2412, -0.0011], [0.292, 0.6922, 0.0419], [0.1571, 0.0666, 0.7841]];
    pub(crate) const GAMMA_2_2: &[u8] = b"curv\0\0\0\0\0\0\0\x01\x02\x33";

    #[test]
    fn profiles_are_judged_by_colours_and_curves() {
        let srgb = SRGB.map(|(_, colour)| colour);
        assert!(is_srgb(&profile(srgb, GAMMA_2_2)));
        assert!(!is_srgb(&profile(DISPLAY_P3, GAMMA_2_2)));
        assert!(!is_srgb(&profile(srgb, b"curv\0\0\0\0\0\0\0\0")), "linear light");
        let parameters = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045_f32];
        let mut curve = b"para\0\0\0\0\0\x03\0\0".to_vec();
        parameters.iter().for_each(|parameter| curve.extend(((parameter * 65_536.0) as i32).to_be_bytes()));
        assert!(is_srgb(&profile(srgb, &curve)));
    }

    #[test]
    fn a_damaged_profile_is_not_srgb() {
        let whole = profile(SRGB.map(|(_, colour)| colour), GAMMA_2_2);
        for length in 0..whole.len() {
            assert!(!is_srgb(&whole[..length]), "{length}");
        }
    }
}
